"""Where examples come from: data sets, tables, streams of rows, encoded columns."""

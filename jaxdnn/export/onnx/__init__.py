"""ONNX, written operator by operator."""

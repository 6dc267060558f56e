"""Ways to a derivative, one a file; `directional.WAYS` lists those without autodiff."""

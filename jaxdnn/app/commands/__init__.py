"""What `jaxdnn COMMAND` can do, one module each."""

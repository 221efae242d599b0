"""Makes the local analyser's models from public data: `make train DATA=folder`."""

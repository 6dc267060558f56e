"""Any function's gradient: `gradient.verify_gradient`, `vjp.verify_vjp`."""

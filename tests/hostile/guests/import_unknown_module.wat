;; attack: imports from a module that is not offered
;; expect: refused: import env.foo
(module
  (import "env" "foo" (func))
  (memory (export "memory") 1)
)

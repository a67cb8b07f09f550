;; attack: the start section traps
;; expect: not started: unreachable
(module
  (memory (export "memory") 1)
  (func $main unreachable)
  (start $main))

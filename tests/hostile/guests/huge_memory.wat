;; attack: a memory of 4 GiB from the start
;; expect: not started: limit memory=64MiB exceeded
(module
  (memory (export "memory") 65536))

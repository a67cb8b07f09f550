;; attack: a data segment that ends beyond the memory
;; expect: not started: data segment
(module
  (memory (export "memory") 1)
  (data (i32.const 65530) "0123456789"))

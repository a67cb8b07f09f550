;; attack: imports its memory, which wazero would free with the first importer
;; expect: refused: import env.memory
(module
  (import "env" "memory" (memory 1))
  (export "memory" (memory 0))
)

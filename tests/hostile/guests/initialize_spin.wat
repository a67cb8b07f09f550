;; attack: _initialize never ends
;; expect: not started: fuel
(module
  (memory (export "memory") 1)
  (func (export "_initialize") (loop $again (br $again))))

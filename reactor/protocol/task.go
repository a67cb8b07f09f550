package protocol

import "fmt"

// Task is a function that can run off the loop: see [Reactor.DeferToThread].
type Task func(input []byte) ([]byte, error)

var tasks = map[string]Task{}

// HandleTask registers t under name. It is called from init functions, and panics on a name that is taken.
func HandleTask(name string, t Task) {
	if _, taken := tasks[name]; taken {
		panic(fmt.Sprintf("protocol: task %q is registered twice", name))
	}
	tasks[name] = t
}

// LookupTask returns the task registered under name, or nil.
func LookupTask(name string) Task { return tasks[name] }

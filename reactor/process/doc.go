/*
Package process runs child processes on an event loop (Twisted's spawnProcess): their pipes and their end are events of
a [ProcessProtocol].

	type lister struct {
		process.Base
		listing bytes.Buffer
	}

	func (l *lister) OutReceived(data []byte)  { l.listing.Write(data) }
	func (l *lister) ProcessEnded(reason error) { fmt.Println(l.listing.String(), reason) }

	t, err := process.Spawn(loop, &lister{}, "ls", []string{"-l"}, process.Options{})

# Events

ConnectionMade comes first. Data comes in the order in which the process wrote it to that pipe, one buffer at a time:
nothing is read while a callback is at work or between PauseProducing and ResumeProducing, so that the process waits for
who is slower. ChildConnectionLost tells of each pipe's end, ProcessExited of the process's own, and ProcessEnded, the
last event, that it has exited and all pipes are closed: a pipe outlives the process if a child of it holds it.

# The end of the reactor

A process does not outlive its reactor. When the connections have ended it is told to terminate (SIGTERM), and killed if
it has not five seconds later; Run waits for that. A second Drain kills it at once.

[Monitor] keeps processes running (Twisted's procmon). Guests have no processes.
*/
package process

//go:build wasip1

package wasmnet

import "github.com/wasmnet/wasmnet/abi"

// The events of the ABI. Each export finds what its handle names, hands the event over, and ends the turn.

//go:wasmexport wasmnet_start
func exportStart() int32 {
	defer reportPanic(abi.Start)
	return start()
}

//go:wasmexport wasmnet_stop
func exportStop() {
	defer reportPanic(abi.Stop)
	stopRoot()
	endTurn()
	hot.scope.Close()
	handOver()
}

//go:wasmexport when_running
func exportWhenRunning() {
	defer reportPanic(abi.WhenRunning)
	whenRunning()
	endTurn()
}

//go:wasmexport connection_made
func exportConnectionMade(handle int32) {
	defer reportPanic(abi.ConnectionMade)
	connectionMade(handle)
	endTurn()
}

//go:wasmexport data_received
func exportDataReceived(handle, n int32) {
	defer reportPanic(abi.DataReceived)
	if c := hot.conns.get(handle); c != nil && c.state == open {
		c.protocol.DataReceived(hot.receive[:n:n])
	}
	endTurn()
}

//go:wasmexport connection_lost
func exportConnectionLost(handle, reason int32) {
	defer reportPanic(abi.ConnectionLost)
	if c := hot.conns.get(handle); c != nil {
		c.lost(reasonError(reason))
	} else if p := ports.get(handle); p != nil {
		p.lost(reasonError(reason))
	}
	endTurn()
}

//go:wasmexport read_connection_lost
func exportReadConnectionLost(handle int32) {
	defer reportPanic(abi.ReadConnectionLost)
	if c := hot.conns.get(handle); c != nil && c.state == open {
		c.readLost()
	}
	endTurn()
}

//go:wasmexport write_connection_lost
func exportWriteConnectionLost(handle int32) {
	defer reportPanic(abi.WriteConnectionLost)
	if c := hot.conns.get(handle); c != nil && c.protocol != nil {
		c.writeLost()
	}
	endTurn()
}

//go:wasmexport connect_failed
func exportConnectFailed(handle, reason int32) {
	defer reportPanic(abi.ConnectFailed)
	if c := hot.conns.get(handle); c != nil {
		hot.conns.remove(handle)
		c.connector.failed(reasonError(reason))
	} else if p := ports.get(handle); p != nil {
		p.lost(reasonError(reason))
	}
	endTurn()
}

//go:wasmexport handshake_completed
func exportHandshakeCompleted(handle int32) {
	defer reportPanic(abi.HandshakeCompleted)
	if c := hot.conns.get(handle); c != nil && c.protocol != nil {
		c.handshakeCompleted()
	}
	endTurn()
}

//go:wasmexport pause_producing
func exportPauseProducing(handle int32) {
	defer reportPanic(abi.PauseProducing)
	if c := hot.conns.get(handle); c != nil {
		c.outputFull()
	}
	endTurn()
}

//go:wasmexport resume_producing
func exportResumeProducing(handle int32) {
	defer reportPanic(abi.ResumeProducing)
	if c := hot.conns.get(handle); c != nil {
		c.outputDrained()
	}
	endTurn()
}

//go:wasmexport datagram_received
func exportDatagramReceived(handle, n, addrLen int32) {
	defer reportPanic(abi.DatagramReceived)
	if p := ports.get(handle); p != nil {
		p.received(hot.receive[:n:n], hot.receive[n:n+addrLen])
	}
	endTurn()
}

//go:wasmexport connection_refused
func exportConnectionRefused(handle int32) {
	defer reportPanic(abi.ConnectionRefused)
	if p := ports.get(handle); p != nil {
		p.refused()
	}
	endTurn()
}

//go:wasmexport timer_fired
func exportTimerFired(timer int32) {
	defer reportPanic(abi.TimerFired)
	timerFired(timer)
	endTurn()
}

//go:wasmexport completed
func exportCompleted(handle, status, n int32) {
	defer reportPanic(abi.Completed)
	if r := requests.get(handle); r != nil {
		requests.remove(handle)
		r.completed(status, hot.receive[:n:n])
	}
	endTurn()
}

//go:wasmexport run_task
func exportRunTask(n int32) int32 {
	defer reportPanic(abi.RunTask)
	return runTask(hot.receive[:n:n])
}

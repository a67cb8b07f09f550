//go:build wasip1

package wasmnet

import "unsafe"

// The functions of module wasmnet_v1. Pointers and lengths are passed as the ABI has them; the host keeps none of the
// pointers but the receive buffer's.

//go:wasmimport wasmnet_v1 set_receive_buffer
//go:noescape
func hostSetReceiveBuffer(ptr unsafe.Pointer, cap int32) int32

//go:wasmimport wasmnet_v1 log
//go:noescape
func hostLog(level int32, ptr unsafe.Pointer, len int32)

//go:wasmimport wasmnet_v1 metric
//go:noescape
func hostMetric(kind int32, name unsafe.Pointer, nameLen int32, value float64) int32

//go:wasmimport wasmnet_v1 config
//go:noescape
func hostConfig(key unsafe.Pointer, keyLen int32, ptr unsafe.Pointer, cap int32) int32

//go:wasmimport wasmnet_v1 stop
func hostStop(status int32) int32

//go:wasmimport wasmnet_v1 write
//go:noescape
func hostWrite(conn int32, ptr unsafe.Pointer, len int32) int32

//go:wasmimport wasmnet_v1 lose_connection
func hostLoseConnection(conn int32) int32

//go:wasmimport wasmnet_v1 abort_connection
func hostAbortConnection(conn int32) int32

//go:wasmimport wasmnet_v1 lose_write_connection
func hostLoseWriteConnection(conn int32) int32

//go:wasmimport wasmnet_v1 pause_reading
func hostPauseReading(conn int32) int32

//go:wasmimport wasmnet_v1 resume_reading
func hostResumeReading(conn int32) int32

//go:wasmimport wasmnet_v1 connect
//go:noescape
func hostConnect(ptr unsafe.Pointer, len int32) int32

//go:wasmimport wasmnet_v1 listen
//go:noescape
func hostListen(ptr unsafe.Pointer, len int32) int32

//go:wasmimport wasmnet_v1 stop_listening
func hostStopListening(listener int32) int32

//go:wasmimport wasmnet_v1 start_tls
//go:noescape
func hostStartTLS(conn int32, ptr unsafe.Pointer, len int32) int32

//go:wasmimport wasmnet_v1 splice
func hostSplice(a, b int32) int32

//go:wasmimport wasmnet_v1 conn_info
//go:noescape
func hostConnInfo(conn, key int32, ptr unsafe.Pointer, cap int32) int32

//go:wasmimport wasmnet_v1 set_option
func hostSetOption(conn, option int32, value int64) int32

//go:wasmimport wasmnet_v1 send_datagram
//go:noescape
func hostSendDatagram(conn int32, ptr unsafe.Pointer, len int32, addr unsafe.Pointer, addrLen int32) int32

//go:wasmimport wasmnet_v1 call_later
func hostCallLater(delay int64) int32

//go:wasmimport wasmnet_v1 cancel_timer
func hostCancelTimer(timer int32) int32

//go:wasmimport wasmnet_v1 resolve
//go:noescape
func hostResolve(ptr unsafe.Pointer, len int32) int32

//go:wasmimport wasmnet_v1 defer_to_thread
//go:noescape
func hostDeferToThread(ptr unsafe.Pointer, len int32) int32

//go:wasmimport wasmnet_v1 task_result
//go:noescape
func hostTaskResult(ptr unsafe.Pointer, len int32) int32

//go:wasmimport wasmnet_v1 cancel
func hostCancel(request int32) int32

func bytesPtr(b []byte) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(b)) }

func stringPtr(s string) unsafe.Pointer { return unsafe.Pointer(unsafe.StringData(s)) }

package nap

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Timer sleeps for one goroutine at a time. Nil sleeps as [time.Sleep] does.
type Timer struct {
	file *os.File // nil: the kernel gave none
	fd   int
	buf  [8]byte // the count of expirations, which nobody wants
}

// Open makes a timer. Close releases it.
func Open() *Timer {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	if err != nil {
		return &Timer{}
	}
	return &Timer{fd: fd, file: os.NewFile(uintptr(fd), "timer")}
}

// Sleep pauses the goroutine for at least d, which is above zero. Its processor is free meanwhile.
func (t *Timer) Sleep(d time.Duration) {
	if t != nil && t.file != nil {
		spec := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(d))}
		if unix.TimerfdSettime(t.fd, 0, &spec, nil) == nil {
			if _, err := t.file.Read(t.buf[:]); err == nil {
				return
			}
		}
	}
	time.Sleep(d)
}

// Close releases the timer. It must not sleep.
func (t *Timer) Close() error {
	if t.file == nil {
		return nil
	}
	return t.file.Close()
}

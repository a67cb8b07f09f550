package answer

import (
	"fmt"
	"testing"

	"github.com/wasmnet/wasmnet/modules/internal/moduletest"
)

func TestAnswers(t *testing.T) {
	f := &Factory{Answer: func(question []byte, to Asker) {
		to.Send([]byte("you said:"))
		to.Send(question)
	}}
	if got := moduletest.Ask(t, f, 4000, "hello"); fmt.Sprint(got) != "[you said: hello]" {
		t.Errorf("%q", got)
	}
	if got := moduletest.Ask(t, &Factory{}, 4000, "hello"); got != nil {
		t.Errorf("without answers: %q", got)
	}
}

// A datagram that seems to come from another service which answers everything would begin a conversation without end.
func TestServicesAreNotAnswered(t *testing.T) {
	f := &Factory{Answer: func(question []byte, to Asker) { to.Send(question) }}
	for _, port := range mute[1:] {
		if got := moduletest.Ask(t, f, port, "hello"); got != nil {
			t.Errorf("port %d is answered with %q", port, got)
		}
	}
}

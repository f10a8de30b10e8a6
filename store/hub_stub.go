package store

// hubStub stands in for the hub of pub/sub.
type hubStub struct{ fn func(channel, payload string) }

func (h hubStub) Publish(c, p string) int {
	if h.fn != nil {
		h.fn(c, p)
	}
	return 0
}
func (h hubStub) SPublish(c, p string) int { return 0 }
func (h hubStub) Idle() bool               { return false }

package peer

func init() {
	add(Peer{Name: "channel", Kind: Floor, About: "one channel with room for all, whatever the key"},
		func(c Config) channel { return make(channel, max(c.Keys, 1<<16)) })
}

type channel chan string

func (channel) Close() {}

func (c channel) RPush(_, value string) {
	select {
	case c <- value:
	default:
		panic("bench: the channel is full")
	}
}

func (c channel) LPop(string) (string, bool) {
	select {
	case value := <-c:
		return value, true
	default:
		return "", false
	}
}

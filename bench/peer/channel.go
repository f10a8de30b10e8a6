package peer

func init() {
	add(Peer{Name: "channel", Kind: Floor, About: "one channel with a buffer of 65536, whatever the key"},
		func(Config) channel { return make(channel, 1<<16) })
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

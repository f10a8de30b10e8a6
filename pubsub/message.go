package pubsub

// A Message is what a subscriber gets.
type Message struct {
	Channel string
	Pattern string // that matched; only of a PatternMessage
	Payload string
	Kind    MessageKind
}

// MessageKind says what brought a [Message] to its subscriber.
type MessageKind uint8

const (
	// ChannelMessage came by a subscription to its channel.
	ChannelMessage MessageKind = iota
	// PatternMessage came by a subscription to a pattern that its channel matches.
	PatternMessage
	// ShardMessage came by a subscription to its sharded channel.
	ShardMessage

	kinds = 3
)

// String returns the name that Redis gives to such a message: message, pmessage or smessage.
func (k MessageKind) String() string {
	switch k {
	case ChannelMessage:
		return "message"
	case PatternMessage:
		return "pmessage"
	case ShardMessage:
		return "smessage"
	}
	return "unknown"
}

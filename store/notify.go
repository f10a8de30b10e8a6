package store

import "strings"

// Notify says which keyspace notifications there are: at least one of [NotifyKeyspace],
// [NotifyKeyevent] and the four for fields, together with the events that they are sent for.
// The zero Notify is none. It is Redis's notify-keyspace-events, whose [page] has the names of
// the events.
//
// [page]: https://redis.io/docs/latest/develop/pubsub/keyspace-notifications/
type Notify uint32

// The channels of notifications, and the events.
const (
	NotifyKeyspace         Notify = 1 << iota // K: __keyspace@<db>__:<key> gets the event
	NotifyKeyevent                            // E: __keyevent@<db>__:<event> gets the key
	NotifySubkeyspace                         // S: __subkeyspace@<db>__:<key> gets the event and the fields
	NotifySubkeyevent                         // T: __subkeyevent@<db>__:<event> gets the key and the fields
	NotifySubkeyspaceItem                     // I: __subkeyspaceitem@<db>__:<key>\n<field> gets the event
	NotifySubkeyspaceEvent                    // V: __subkeyspaceevent@<db>__:<event>|<key> gets the fields
	NotifyGeneric                             // g: what has no type, such as DEL and EXPIRE
	NotifyString                              // $
	NotifyList                                // l
	NotifySet                                 // s
	NotifyHash                                // h
	NotifyZSet                                // z
	NotifyExpired                             // x: a key has expired; a hash whose last field does, sends hexpired and del of h and g
	NotifyEvicted                             // e: a key was evicted
	NotifyStream                              // t
	NotifyModule                              // d: what Redis's modules send; nothing does here
	NotifyNew                                 // n: a key is there that was not
	NotifyMiss                                // m: a key was read that is not there
	NotifyOverwritten                         // o: the value of a key was replaced by another
	NotifyTypeChanged                         // c: and by one of another type

	// NotifyAll is A: all events but those of n, m, o and c. They are sent only on channels that
	// are asked for, too: NotifyKeyspace | NotifyAll.
	NotifyAll = NotifyGeneric | NotifyString | NotifyList | NotifySet | NotifyHash | NotifyZSet |
		NotifyExpired | NotifyEvicted | NotifyStream | NotifyModule

	notifySubkeys  = NotifySubkeyspace | NotifySubkeyevent | NotifySubkeyspaceItem | NotifySubkeyspaceEvent
	notifyChannels = NotifyKeyspace | NotifyKeyevent | notifySubkeys
	notifyEvents   = NotifyAll | NotifyNew | NotifyMiss | NotifyOverwritten | NotifyTypeChanged
)

// notifyLetters are the letters of notify-keyspace-events in the order in which Redis
// writes them (keyspaceEventsFlagsToString in notify.c, 8.8).
var notifyLetters = [...]struct {
	letter byte
	flag   Notify
}{
	{'g', NotifyGeneric},
	{'$', NotifyString},
	{'l', NotifyList},
	{'s', NotifySet},
	{'h', NotifyHash},
	{'z', NotifyZSet},
	{'x', NotifyExpired},
	{'e', NotifyEvicted},
	{'t', NotifyStream},
	{'d', NotifyModule},
	{'n', NotifyNew},
	{'o', NotifyOverwritten},
	{'c', NotifyTypeChanged},
	{'K', NotifyKeyspace},
	{'E', NotifyKeyevent},
	{'m', NotifyMiss},
	{'S', NotifySubkeyspace},
	{'T', NotifySubkeyevent},
	{'I', NotifySubkeyspaceItem},
	{'V', NotifySubkeyspaceEvent},
}

// ParseNotify returns what the letters of Redis's notify-keyspace-events say, such as "KEA".
//
// It returns [ErrInvalidOption] for any other letter.
//
// The complexity is O(n), n the length of flags.
func ParseNotify(flags string) (n Notify, err error) {
	for i := range len(flags) {
		flag := notifyFlag(flags[i])
		if flag == 0 {
			return 0, mistake("CONFIG SET", "notify-keyspace-events", ErrInvalidOption)
		}
		n |= flag
	}
	return n, nil
}

// notifyFlag returns what a letter stands for, 0 if nothing.
func notifyFlag(letter byte) Notify {
	if letter == 'A' {
		return NotifyAll
	}
	for _, l := range notifyLetters {
		if l.letter == letter {
			return l.flag
		}
	}
	return 0
}

// String returns the letters of n in Redis's order, those of [NotifyAll] as an A, such as "AKE":
// [ParseNotify] reads them.
func (n Notify) String() string {
	var b strings.Builder
	if n&NotifyAll == NotifyAll {
		b.WriteByte('A')
		n &^= NotifyAll
	}
	for _, l := range notifyLetters {
		if n&l.flag != 0 {
			b.WriteByte(l.letter)
		}
	}
	return b.String()
}

// sends says whether n sends anything at all.
func (n Notify) sends() bool { return n&notifyChannels != 0 && n&notifyEvents != 0 }

// WithNotifications makes the store send keyspace notifications from the start, as
// [Store.SetNotifications] does. The default is none; bits that mean nothing are ignored.
func WithNotifications(n Notify) Option {
	return func(o *options) { o.notify = n & (notifyChannels | notifyEvents) }
}

// SetNotifications says which keyspace notifications the store sends from now on, to the
// subscribers of their channels, as Redis does by its configuration notify-keyspace-events
// (FLUSHDB, FLUSHALL and SWAPDB send nothing, but [Store.Changes] tells of them): for every change of a key, after it was made, in the order in
// which the changes of the key were made, and for those of a transaction after its commit. That
// of an expiry comes when the expirer removes the key, within a millisecond or so of its
// deadline, and may come after a read has not found it any more. A [Store.Serial], and the last
// run of an Update, that has begun before sends what was asked for then. While there are any, a
// write costs what sending them does. Bits that mean nothing are ignored.
//
// It returns [ErrClosed] on a closed store.
//
// The complexity is O(shards).
func (s *Store) SetNotifications(n Notify) error {
	if err := s.check(); err != nil {
		return err
	}
	s.lockShards()
	defer s.unlockShards()
	s.events.notify.Store(uint32(n & (notifyChannels | notifyEvents)))
	s.hear()
	return nil
}

// Notifications returns which keyspace notifications the store sends. The complexity is O(1).
func (s *Store) Notifications() Notify {
	if s.events == nil {
		return 0
	}
	return Notify(s.events.notify.Load())
}

package command

import (
	"strings"
)

// Slots is the number of slots that a Redis cluster spreads its keys over.
const Slots = 16384

// WithClusterRules makes the server reply as the only node of a Redis cluster, which has all
// slots: a command whose keys are in several slots is refused (CROSSSLOT), as is a transaction of
// such commands; scripts heed their flags; database 0 is the only one; and CLUSTER describes the
// node. So clients for clusters work with it, and what would fail on a cluster fails.
func WithClusterRules() Option {
	return func(srv *Server) {
		srv.cluster = true
		srv.config.values = map[string]string{"cluster-enabled": "yes"}
	}
}

// Slot returns the slot of a key in a Redis cluster: that of what is in its first pair of braces,
// or of the whole key if there is none, or nothing in it.
func Slot(key string) int {
	if _, rest, found := strings.Cut(key, "{"); found {
		if tag, _, closed := strings.Cut(rest, "}"); closed && tag != "" {
			key = tag
		}
	}
	return int(crc16(key) % Slots)
}

// crc16 is the CRC of XMODEM, which the specification of Redis's cluster names: polynomial 0x1021,
// nothing reflected, beginning with 0.
func crc16(text string) (crc uint16) {
	for i := range len(text) {
		crc ^= uint16(text[i]) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return crc
}

// Errors of a Redis that is in a cluster.
var (
	errCrossSlot      = failed("CROSSSLOT Keys in request don't hash to the same slot")
	errClusterSelect  = failed("ERR SELECT is not allowed in cluster mode")
	errClusterMove    = failed("ERR MOVE is not allowed in cluster mode")
	errClusterSwapDB  = failed("ERR SWAPDB is not allowed in cluster mode")
	errClusterReplica = failed("ERR REPLICAOF not allowed in cluster mode.")
	errClusterCopy    = failed("ERR Copying to another database is not allowed in cluster mode")
	errClusterBy      = failed("ERR BY option of SORT denied in Cluster mode.")
	errClusterGet     = failed("ERR GET option of SORT denied in Cluster mode.")
	errClusterScript  = failed("ERR Script attempted to access a non local key in a cluster node")
	errClusterSlots   = failed("ERR Script attempted to access keys that do not hash to the same slot")
	errNoCluster      = failed("ERR Can not run script on cluster, 'no-cluster' flag is set.")
)

// clustered says whether the rules of a cluster hold for the call.
func (c *call) clustered() bool { return c.s.srv.cluster }

// slots is the slot of keys, as far as they have one in common.
type slots struct {
	slot int
	some bool // there was a key
}

// add says whether the keys of a command, if it is certain which they are, have the slot that
// those before have.
func (sl *slots) add(cmd *Command, args []string) bool {
	places, ok := cmd.KeyPlaces(args)
	if !ok {
		return true
	}
	for _, i := range places {
		slot := Slot(args[i])
		if sl.some && slot != sl.slot {
			return false
		}
		sl.slot, sl.some = slot, true
	}
	return true
}

// crossesSlots says whether the keys of a command are of several slots, which the rules of a
// cluster forbid. The session is in their slot until the next command.
func (s *Session) crossesSlots(cmd *Command, args []string) bool {
	if !s.srv.cluster {
		return false
	}
	s.slots = slots{}
	return !s.slots.add(cmd, args)
}

// crossesSlots is that of the commands of a transaction together (getNodeByQuery in cluster.c).
func (m *multi) crossesSlots(sl *slots) bool {
	for i := range m.queued {
		if q := &m.queued[i]; !sl.add(q.cmd, q.args) {
			return true
		}
	}
	return false
}

// leavesSlot returns why a command of a script may not run in a cluster, nil if it may
// (scriptVerifyClusterState in script.c). The first key of a script or transaction that has named
// none settles the slot.
func (s *ScriptCall) leavesSlot(cmd *Command, args []string) *Reply {
	if !s.c.clustered() {
		return nil
	}
	var own slots
	is := &s.c.s.slots
	switch {
	case !own.add(cmd, args):
		return &errClusterScript
	case s.anySlot || !own.some:
	case !is.some:
		*is = own
	case is.slot != own.slot:
		return &errClusterSlots
	}
	return nil
}

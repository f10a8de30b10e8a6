package command

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The object of a wrong password in ACL LOG is the command as it was typed.
func TestACLLogOfPasswords(t *testing.T) {
	for _, words := range [][]string{
		{"AuTh", "a", "b"}, {"auth", "a", "b"}, {"heLLo", "3", "auth", "a", "b"}, {"HELLO", "2", "AUTH", "default", "b", "SETNAME", "x"},
	} {
		ours, theirs := commandSession(t, 2)
		for _, do := range []func(...string) Reply{ours, theirs} {
			do("ACL", "SETUSER", "default", "resetpass", ">p")
			require.Equal(t, errWrongPass.Str, do(words...).Str)
			r := do("ACL", "LOG")
			require.Len(t, r.Elems, 1)
			require.Equal(t, words[0], field(r.Elems[0], "object").Str)
			require.Equal(t, "auth", field(r.Elems[0], "reason").Str)
		}
	}
}

// Who has subscribed to what new rules do not allow is closed (ACLKillPubsubClientsIfNeeded in
// acl.c).
func TestACLClosesSubscribers(t *testing.T) {
	for _, test := range []struct {
		before, subscribe, after string
		closed                   bool
	}{
		{"&*", "SUBSCRIBE c", "resetchannels", true},
		{"&*", "SUBSCRIBE c", "resetchannels &d", true},
		{"&*", "SUBSCRIBE c d", "resetchannels &d", true},
		{"&*", "SUBSCRIBE c", "resetchannels &?", false},
		{"&*", "SUBSCRIBE c", "resetchannels (&c)", false},
		{"&*", "SUBSCRIBE c", "-@all -subscribe off", false},
		{"&*", "SUBSCRIBE c", "reset", true},
		{"&*", "SSUBSCRIBE c", "resetchannels &c", false},
		{"&*", "SSUBSCRIBE c", "resetchannels &d", true},
		{"&*", "PSUBSCRIBE c*", "resetchannels &c*", false},
		{"&*", "PSUBSCRIBE c*", "resetchannels &*", false},
		{"&*", "PSUBSCRIBE c*", "resetchannels &c?", true},
		{"&*", "PSUBSCRIBE c*", "resetchannels (&c*)", false},
		{"&*", "GET c", "resetchannels", false},
		{"&c &d", "SUBSCRIBE c", "resetchannels &c", false},
		{"&c &d", "SUBSCRIBE c", "resetchannels &d", true},
		{"&c (+@all &d)", "SUBSCRIBE d", "clearselectors", true},
		{"&c", "SUBSCRIBE c", "&d", false},
	} {
		_, list := newSessions(t, 3)
		admin, client, other := list[0], list[1], list[2]
		require.Equal(t, ok, say(admin, "ACL SETUSER u on nopass ~* +@all resetchannels "+test.before))
		require.Equal(t, ok, say(client, "AUTH u x"))
		say(client, test.subscribe)
		say(other, test.subscribe)
		require.Equal(t, ok, say(admin, "ACL SETUSER u "+test.after))
		require.Equal(t, test.closed, client.Ended(), "%+v", test)
		require.False(t, other.Ended(), "%+v", test)
	}
}

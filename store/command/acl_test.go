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

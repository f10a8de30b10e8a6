package command

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

// TestNewerStrings has what is said of wrong words of the commands that 7.0.15 does not have,
// and what they answer in RESP3. The texts are those of Redis 8.8 and Valkey 9.0, as their
// tests have them: tests/unit/type/string.tcl and increx.tcl of either.
func TestNewerStrings(t *testing.T) {
	s := store.New()
	defer s.Close()
	srv := NewServer(s)
	defer srv.Close()
	session := srv.NewSession(nil)
	session.proto = 3
	_, err := s.Hash("h").Set("f", "v")
	require.NoError(t, err)
	increx := func(value, applied int64) Reply { return array(integer(value), integer(applied)) }
	for _, c := range []struct {
		line string
		want Reply
	}{
		{"SET a v IFEQ v", null},
		{"SET a v IFNE v", ok},
		{"SET a w IFEQ v GET", bulk("v")},
		{"SET a w ifeq w EX 100", ok},
		{"TTL a", integer(100)},
		{"SET a w IFEQ", errSyntax},
		{"SET a w IFEQ w NX", errSyntax},
		{"SET a w XX IFEQ w", errSyntax},
		{"SET a w IFEQ w IFNE x", errSyntax},
		{"SET a w IFDEQ x", failed("ERR must be exactly 16 hexadecimal characters")},
		{"SET h w IFEQ w", errWrongType},
		{"DIGEST", failed("ERR wrong number of arguments for 'digest' command")},
		{"DIGEST none", null},
		{"DIGEST h", errWrongType},
		{"DELEX", failed("ERR wrong number of arguments for 'delex' command")},
		{"DELEX a IFEQ", failed("ERR wrong number of arguments for 'delex' command")},
		{"DELEX a IFEQ w x", failed("ERR wrong number of arguments for 'delex' command")},
		{"DELEX a FOO w", failed("ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE")},
		{"DELEX none FOO w", integer(0)},
		{"DELEX none IFDEQ short", integer(0)},
		{"DELEX h FOO w", errDelExType},
		{"DELEX h IFEQ w", errDelExType},
		{"DELEX h IFDEQ short", errDelExType},
		{"DELEX a IFDEQ short", failed("ERR must be exactly 16 hexadecimal characters")},
		{"DELEX a ifne w", integer(0)},
		{"DELEX a IFEQ w", integer(1)},
		{"DELIFEQ a", failed("ERR wrong number of arguments for 'delifeq' command")},
		{"DELIFEQ a w", integer(0)},
		{"DELIFEQ h w", errWrongType},
		{"MSETEX", failed("ERR wrong number of arguments for 'msetex' command")},
		{"MSETEX key1 val1 ex 10", failed("ERR invalid numkeys value")},
		{"MSETEX 0 k v", failed("ERR invalid numkeys value")},
		{"MSETEX 2147483648 k v EX 10", failed("ERR invalid numkeys value")},
		{"MSETEX 2147483647 k v EX 10", failed("ERR wrong number of key-value pairs")},
		{"MSETEX 2 k v l", failed("ERR wrong number of key-value pairs")},
		{"MSETEX 1 k v FOO", errSyntax},
		{"MSETEX 1 k v NX XX", errSyntax},
		{"MSETEX 1 k v EX 10 KEEPTTL", errSyntax},
		{"MSETEX 1 k v EX 10 PX 10", errSyntax},
		{"MSETEX 1 k v GET", errSyntax},
		{"MSETEX 1 k v IFEQ v", errSyntax},
		{"MSETEX 1 k v EX x", errNotInteger},
		{"MSETEX 1 k v EX 9223372036854775807", failed("ERR invalid expire time in 'msetex' command")},
		{"MSETEX 2 k v l w EX 50 nx", integer(1)},
		{"MSETEX 2 k v m w NX", integer(0)},
		{"TTL l", integer(50)},
		{"INCREX", failed("ERR wrong number of arguments for 'increx' command")},
		{"INCREX n", increx(1, 1)},
		{"INCREX n BYINT", errSyntax},
		{"INCREX n BYINT 1 BYINT 1", errSyntax},
		{"INCREX n BYINT 1 BYFLOAT 1", errSyntax},
		{"INCREX n LBOUND 0 LBOUND 1", errSyntax},
		{"INCREX n SATURATE SATURATE", errSyntax},
		{"INCREX n ENX ENX EX 10", errSyntax},
		{"INCREX n PERSIST PERSIST", errSyntax},
		{"INCREX n ENX PERSIST", errSyntax},
		{"INCREX n EX 10 PERSIST", errSyntax},
		{"INCREX n PERSIST EX 10", errSyntax},
		{"INCREX n EX 10 EX 10", errSyntax},
		{"INCREX n EX 5 PX 500", errSyntax},
		{"INCREX n BYINT 1.5", failed("ERR Increment is not an integer or out of range")},
		{"INCREX n BYFLOAT x", failed("ERR Increment is not a valid float")},
		{"INCREX n BYFLOAT nan", failed("ERR Increment is not a valid float")},
		{"INCREX n LBOUND 1.5", failed("ERR LBOUND is not an integer or out of range")},
		{"INCREX n UBOUND x BYFLOAT 1", failed("ERR UBOUND is not a valid float")},
		{"INCREX n EX x", errNotInteger},
		{"INCREX n byint 4 ubound 3 saturate ex 70 enx", increx(3, 2)},
		{"TTL n", integer(70)},
		{"INCREX n BYFLOAT 0.5", array(double(3.5), double(0.5))},
		{"INCREX h", errWrongType},
		{"WAITAOF 0 0", failed("ERR wrong number of arguments for 'waitaof' command")},
		{"WAITAOF abc 0 0", errNotInteger},
		{"WAITAOF 2 0 0", failed("ERR value is out of range, value must between 0 and 1")},
		{"WAITAOF 0 -1 0", errNotPositive},
		{"WAITAOF 1 0 -5", errTimeoutBelow0},
		{"WAITAOF 0 0 abc", failed("ERR timeout is not an integer or out of range")},
		{"WAITAOF 1 0 0", failed("ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.")},
		{"WAITAOF 0 0 0", array(integer(0), integer(0))},
		{"BITOP DIFF d a", failed("ERR BITOP DIFF must be called with at least two source keys.")},
		{"BITOP andor d h", failed("ERR BITOP ANDOR must be called with at least two source keys.")},
		{"BITOP one d none", integer(0)},
	} {
		require.Equal(t, c.want, session.Do(context.Background(), wordsOf(t, c.line)), c.line)
	}
}

// TestKeysOfCommands has the places that only a look at all words tells.
func TestKeysOfCommands(t *testing.T) {
	for line, want := range map[string][]int{
		"SORT a":                              {1},
		"SORT a BY store GET store LIMIT 0 1": {1},
		"SORT a LIMIT store b STORE c":        {1, 6},
		"SORT a STORE b STORE c":              {1, 5},
		"SORT a STORE":                        {1},
		"SORT_RO a BY b*":                     {1},
		"MIGRATE h p k 0 1":                   {3},
		`MIGRATE h p "" 0 1 KEYS a b`:         {7, 8},
		`MIGRATE h p "" 0 1 AUTH keys KEYS a`: {9},
		"MIGRATE h p k 0 1 COPY":              {3},
		"MSETEX 2 a 1 b 2 EX 10":              {2, 4},
		"BITOP AND d a b":                     {2, 3, 4},
		"COPY a b":                            {1, 2},
		"MSET a 1 b 2":                        {1, 3},
	} {
		words := wordsOf(t, line)
		places, ok := Lookup(words).KeyPlaces(words)
		require.True(t, ok, line)
		require.Equal(t, want, places, line)
	}
}

// Words in an error reply must not end its line.
func TestErrorsAreOneLine(t *testing.T) {
	s := store.New()
	defer s.Close()
	srv := NewServer(s)
	defer srv.Close()
	session := srv.NewSession(nil)
	do := func(args ...string) string { return session.Do(context.Background(), args).Str }
	require.Equal(t, "ERR Unsupported option a  b", do("EXPIRE", "k", "1", "a\r\nb"))
	require.Equal(t, "ERR unknown command 'a b', with args beginning with: 'c' ", do("a\nb", "c\x00d"))
	require.Equal(t, "ERR unknown subcommand 'a'. Try OBJECT HELP.", do("OBJECT", "a\x00b"))
}

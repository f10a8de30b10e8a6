package redistest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

func TestDumpIsReadable(t *testing.T) {
	r := Run(t, WithTime(time.Unix(1_700_000_000, 999_999)))
	require.Equal(t, "(nothing)\n", r.Dump())
	put(t, r, "with space", "a\nb")
	put(t, r, "long", strings.Repeat("é", 1000))
	put(t, r, "hash", Hash{"f": "v"})
	_, err := r.Store().Hash("hash").Expire(time.Second, store.Always, "f")
	require.NoError(t, err)
	put(t, r, "set", Set{"1", "2", "3", "4", "5", "6", "7", "8", "9"})
	got := fmt.Sprint(r)
	require.Equal(t, "hash hash \"f\": \"v\" (ttl 1s)\n"+
		"long string \""+strings.Repeat("é", 199)+"... (2002 bytes)\n"+
		"set set\n    \"1\"\n    \"2\"\n    \"3\"\n    \"4\"\n    \"5\"\n    \"6\"\n    \"7\"\n    \"8\"\n    \"9\"\n"+
		"\"with space\" string \"a\\nb\"\n", got)
	r.Advance(time.Second)
	require.NotContains(t, r.Dump(), "hash", "what lives for a second is over after a second")
}

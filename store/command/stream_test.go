package command

import (
	"context"
	"maps"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

func init() {
	maps.Copy(plays, map[string]string{
		"readers of a stream": `
			A XREAD BLOCK 0 STREAMS s $
			B XREAD BLOCK 0 COUNT 1 STREAMS none s 0 0
			C XADD s 1-1 f v
			A XREAD BLOCK 0 STREAMS s other $ $
			B XREAD BLOCK 0 STREAMS s 5-5
			C XADD s 1-2 f v
			C XADD s 6-1 f v
			C XLEN s`,
		"readers, and entries at once": `
			A XREAD BLOCK 0 COUNT 1 STREAMS s 0
			B XREAD BLOCK 0 STREAMS s $
			C MULTI
			C XADD s 1-1 f v
			C XADD s 1-2 f v
			C EXEC`,
		"readers of a key that changes its type": `
			A XREAD BLOCK 0 STREAMS s 0
			C HSET s f v
			C HDEL s f
			C XADD s 1-1 f v`,
		"readers of a group": `
			C XGROUP CREATE s g $ MKSTREAM
			A XREADGROUP GROUP g alice BLOCK 0 STREAMS s >
			B XREADGROUP GROUP g bob BLOCK 0 COUNT 1 STREAMS s >
			C XADD s 1-1 f v
			C XADD s 1-2 f v
			C XPENDING s g
			A XREADGROUP GROUP g alice BLOCK 0 NOACK STREAMS s >
			C XADD s 1-3 f v
			C XPENDING s g`,
		"a group that goes": `
			C XGROUP CREATE s g $ MKSTREAM
			A XREADGROUP GROUP g alice BLOCK 0 STREAMS s >
			C XGROUP DESTROY s g`,
		"a stream that goes": `
			C XGROUP CREATE s g $ MKSTREAM
			A XREADGROUP GROUP g alice BLOCK 0 STREAMS s >
			B XREAD BLOCK 0 STREAMS s $
			C DEL s
			C XADD s 1-1 f v`,
		"another type in the place of a stream": `
			C XGROUP CREATE s g $ MKSTREAM
			A XREADGROUP GROUP g alice BLOCK 0 STREAMS s >
			B XREAD BLOCK 0 STREAMS s $
			C SET s text
			C DEL s
			C XADD s 1-1 f v`,
		"a group that is moved back": `
			C XADD s 1-1 f v
			C XGROUP CREATE s g $
			A XREADGROUP GROUP g alice BLOCK 0 STREAMS s 0
			C XLEN s`,
		"several groups": `
			C XGROUP CREATE s g $ MKSTREAM
			C XGROUP CREATE r g $ MKSTREAM
			A XREADGROUP GROUP g alice BLOCK 0 STREAMS s r > >
			B XREADGROUP GROUP g bob BLOCK 0 STREAMS r s > >
			C XADD r 1-1 f v
			C XADD s 1-1 f v
			C XPENDING s g
			C XPENDING r g`,
		"time of streams": `
			A XREAD BLOCK 10 STREAMS s $
			A .
			C XGROUP CREATE s g $ MKSTREAM
			A XREADGROUP GROUP g alice BLOCK 10 STREAMS s >
			A .
			C XADD s 1-1 f v
			A XREADGROUP GROUP g alice BLOCK 10 STREAMS s >`,
	})
}

// What waits for a stream ends with its session, and as CLIENT UNBLOCK says.
func TestStreamBlockEnds(t *testing.T) {
	for _, line := range []string{"XREAD BLOCK 0 STREAMS s $", "XREADGROUP GROUP g c BLOCK 0 STREAMS s >"} {
		synctest.Test(t, func(t *testing.T) {
			s := store.New()
			defer s.Close()
			srv := NewServer(s)
			defer srv.Close()
			srv.NewSession(nil).Do(context.Background(), wordsOf(t, "XGROUP CREATE s g $ MKSTREAM"))
			for cause, want := range map[error]Reply{errUnblocked: unblocked, errUnblockedSilent: noList, context.Canceled: noList} {
				ctx, cancel := context.WithCancelCause(context.Background())
				done := make(chan Reply, 1)
				go func() { done <- srv.NewSession(nil).Do(ctx, wordsOf(t, line)) }()
				synctest.Wait()
				cancel(cause)
				require.Equal(t, want, <-done, "%s: %v", line, cause)
			}
		})
	}
}

// What 7.0.15 does not know is as Redis 8 says (streamParseAckDelArgsOrReply and its like).
func TestNewerStreamMistakes(t *testing.T) {
	s := store.New()
	defer s.Close()
	srv := NewServer(s)
	defer srv.Close()
	session := srv.NewSession(nil)
	do := func(line string) Reply { return session.Do(context.Background(), wordsOf(t, line)) }
	do("XADD s 1-1 f v")
	do("XGROUP CREATE s g 0")
	do("SET k v")
	for line, want := range map[string]Reply{
		"XDELEX s IDS 0 1-1":                        errNumIDs,
		"XDELEX s IDS x 1-1":                        errNumIDs,
		"XDELEX s IDS 3 1-1 2-2":                    errNumIDsMatch,
		"XDELEX s IDS 1 1-1 2-2":                    errSyntax,
		"XDELEX s KEEPREF DELREF IDS 1 1-1":         errSyntax,
		"XDELEX s IDS 1 x":                          errStreamID,
		"XDELEX k IDS 1 1-1":                        errWrongType,
		"XDELEX s IDS 1":                            failed("ERR wrong number of arguments for 'xdelex' command"),
		"XACKDEL s g IDS abc 1-1":                   errNumIDs,
		"XACKDEL s g IDS 1 1-1 2-2":                 errSyntax,
		"XACKDEL s g DELREF ACKED IDS 1 1-1":        errSyntax,
		"XACKDEL none g IDS 2 1-1 2-2":              array(integer(-1), integer(-1)),
		"XNACK s g OTHER IDS 1 1-1":                 errSyntax,
		"XNACK s g FAIL IDS 0 1-1":                  errNumIDs,
		"XNACK s none FAIL IDS 1 1-1":               noGroup("s", "none"),
		"XNACK s g FAIL IDS 1 1-1 RETRYCOUNT -1":    errRetryCount,
		"XNACK s g FAIL IDS 1 x":                    errStreamID,
		"XCFGSET s IDMP-DURATION":                   errSyntax,
		"XCFGSET s IDMP-DURATION 0":                 errIDMPDuration,
		"XCFGSET s FOO 1":                           errSyntax,
		"XREADGROUP GROUP g c CLAIM x STREAMS s >":  errNotInteger,
		"XREADGROUP GROUP g c CLAIM -1 STREAMS s >": errNotPositive,
		"XREAD CLAIM 1 STREAMS s >":                 errSyntax,
		"XADD s KEEPREF DELREF 5-1 f v":             errStreamID,
		"XTRIM s DELREF":                            failed("ERR wrong number of arguments for 'xtrim' command"),
		"XTRIM s MAXLEN 5 DELREF":                   integer(0),
		"XADD s MAXLEN 5 ACKED 6-1 f v":             bulk("6-1"),
	} {
		require.Equal(t, want, do(line), line)
	}
}

// Redis looks for the key of XAUTOCLAIM before it reads the words behind it.
func TestAutoClaimMisses(t *testing.T) {
	srv, list := newSessions(t, 1)
	require.NoError(t, srv.store.SetNotifications(store.NotifyKeyevent|store.NotifyMiss))
	for line, want := range map[string]Reply{
		"XAUTOCLAIM k g c 1 9-*":          errStreamID,
		"XAUTOCLAIM k g c 1 0 COUNT 0":    errCountAbove0,
		"XAUTOCLAIM k g c 1 0 COUNT 1 no": errSyntax,
	} {
		sub := srv.store.PSubscribe("*")
		require.Equal(t, want, say(list[0], line))
		m, err := sub.Receive(t.Context())
		require.NoError(t, err)
		require.Equal(t, "__keyevent@0__:keymiss k", m.Channel+" "+m.Payload)
		require.NoError(t, sub.Close())
	}
}

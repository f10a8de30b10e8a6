package conformance

import (
	"context"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store/resp"
)

// A vanishing is a moment at which a client goes.
type vanishing struct {
	sends string   // commands, one a line, before
	cut   string   // bytes after them, that are no whole command
	shows []string // what CLIENT LIST says of it then
	// waits says that the last command is one that waits. Only then do its replies not show
	// where it is.
	waits bool
	after func(t *testing.T, c *redis.Client)
}

// untouched wants the string that is there before to be as it was, and writable.
func untouched(t *testing.T, c *redis.Client) {
	ctx := context.Background()
	require.Equal(t, "kept", c.Get(ctx, "string").Val())
	require.EqualValues(t, 5, c.Append(ctx, "string", "!").Val())
}

// pushed wants an element to stay that nobody waits for any more.
func pushed(t *testing.T, c *redis.Client) {
	ctx := context.Background()
	_, err := c.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.RPush(ctx, "list", "kept")
		p.ZAdd(ctx, "zset", redis.Z{Score: 1, Member: "kept"})
		p.XAdd(ctx, &redis.XAddArgs{Stream: "stream", ID: "1-1", Values: []string{"f", "kept"}})
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, []string{"kept"}, c.LRange(ctx, "list", 0, -1).Val())
	require.Equal(t, []string{"kept"}, c.ZRange(ctx, "zset", 0, -1).Val())
	require.Zero(t, c.XPending(ctx, "stream", "group").Val().Count)
	require.Zero(t, c.Exists(ctx, "dst").Val())
	untouched(t, c)
}

func unheard(t *testing.T, c *redis.Client) {
	ctx := context.Background()
	require.Zero(t, c.Publish(ctx, "channel", "m").Val())
	require.Zero(t, c.SPublish(ctx, "channel", "m").Val())
	require.Empty(t, c.PubSubChannels(ctx, "*").Val())
	require.Empty(t, c.PubSubShardChannels(ctx, "*").Val())
	require.Zero(t, c.PubSubNumPat(ctx).Val())
}

func untracked(t *testing.T, c *redis.Client) {
	untouched(t, c)
	info := c.Info(context.Background()).Val()
	require.Contains(t, info, "tracking_clients:0\r")
	require.Contains(t, info, "tracking_total_prefixes:0\r")
}

var vanishings = map[string]vanishing{
	"idle":                   {shows: []string{"cmd=client|setname"}, after: untouched},
	"a number":               {cut: "*3\r", shows: []string{"cmd=client|setname"}, after: untouched},
	"a name":                 {cut: "*2\r\n$3\r\nDE", shows: []string{"cmd=client|setname"}, after: untouched},
	"a short string":         {cut: "*2\r\n$3\r\nDEL\r\n$6\r\nstr", shows: []string{"cmd=client|setname"}, after: untouched},
	"before the last byte":   {cut: "*2\r\n$3\r\nDEL\r\n$6\r\nstring\r", shows: []string{"cmd=client|setname"}, after: untouched},
	"a long string":          {cut: "*3\r\n$3\r\nSET\r\n$6\r\nstring\r\n$1000000\r\n" + strings.Repeat("x", 1<<17), after: untouched},
	"words on a line":        {cut: "DEL string", shows: []string{"cmd=client|setname"}, after: untouched},
	"a transaction":          {sends: "MULTI\nSET string never\nDEL string", shows: []string{"flags=x", "multi=2 "}, after: untouched},
	"EXEC":                   {sends: "MULTI\nDEL string", cut: "*1\r\n$4\r\nEXEC\r", shows: []string{"flags=x", "multi=1 "}, after: untouched},
	"a transaction at fault": {sends: "WATCH string\nMULTI\nNOSUCH", shows: []string{"flags=x", "multi=0 "}, after: untouched},
	"WATCH":                  {sends: "WATCH string other", shows: []string{"cmd=watch "}, after: untouched},
	"BLPOP":                  {sends: "BLPOP other list 0", shows: []string{"flags=b", "cmd=blpop "}, waits: true, after: pushed},
	"BLPOP before others":    {sends: "BLPOP list 0\nDEL string", shows: []string{"flags=b", "cmd=blpop "}, waits: true, after: pushed},
	"BLMOVE":                 {sends: "BLMOVE list dst LEFT LEFT 0", shows: []string{"flags=b"}, waits: true, after: pushed},
	"BLMPOP":                 {sends: "BLMPOP 0 2 list other RIGHT COUNT 5", shows: []string{"flags=b"}, waits: true, after: pushed},
	"BZPOPMIN":               {sends: "BZPOPMIN zset 0", shows: []string{"flags=b"}, waits: true, after: pushed},
	"XREAD":                  {sends: "XREAD BLOCK 0 STREAMS stream $", shows: []string{"flags=b"}, waits: true, after: pushed},
	"XREADGROUP":             {sends: "XREADGROUP GROUP group me BLOCK 0 STREAMS stream >", shows: []string{"flags=b"}, waits: true, after: pushed},
	"WAIT":                   {sends: "WAIT 1 0", shows: []string{"flags=b"}, waits: true, after: untouched},
	"SUBSCRIBE":              {sends: "SUBSCRIBE channel\nPSUBSCRIBE ch*\nSSUBSCRIBE channel", shows: []string{"flags=P", "sub=1 ", "psub=1 "}, after: unheard},
	"messages":               {sends: "SUBSCRIBE channel\nPUBSUB NUMPAT", cut: "*1\r\n", shows: []string{"flags=P"}, after: unheard},
	"MONITOR":                {sends: "MONITOR", shows: []string{"flags=O"}, after: untouched},
	"tracking":               {sends: "HELLO 3\nCLIENT TRACKING ON\nGET string", shows: []string{"flags=t"}, after: untracked},
	"tracking of prefixes":   {sends: "HELLO 3\nCLIENT TRACKING ON BCAST PREFIX str", shows: []string{"flags=tB"}, after: untracked},
	"tracking, and waiting":  {sends: "HELLO 3\nCLIENT TRACKING ON\nGET string\nBLPOP list 0", shows: []string{"flags=bt"}, waits: true, after: untracked},
	"silence":                {sends: "CLIENT REPLY OFF\nGET string", shows: []string{"cmd=get "}, after: untouched},
	"another database":       {sends: "SELECT 3\nBLPOP list 0", shows: []string{"flags=b", "db=3 "}, waits: true, after: pushed},
}

// TestVanish has three clients each that go without a word in the middle of something. The
// others go on, and soon nothing is left of those.
func TestVanish(t *testing.T) {
	for name, v := range vanishings {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, on side) {
				ctx := context.Background()
				c := redis.NewClient(on.goRedis(3))
				defer c.Close()
				require.NoError(t, c.Set(ctx, "string", "kept", 0).Err())
				require.NoError(t, c.XGroupCreateMkStream(ctx, "stream", "group", "0").Err())
				var gone []net.Conn
				for range 3 {
					conn, err := on.dial(ctx, "", "")
					require.NoError(t, err)
					gone = append(gone, conn)
					b := resp.AppendCommand(nil, "CLIENT", "SETNAME", "goes")
					if v.sends != "" {
						for line := range strings.SplitSeq(v.sends, "\n") {
							b = resp.AppendCommand(b, strings.Fields(line)...)
						}
					}
					_, err = conn.Write(append(b, v.cut...))
					require.NoError(t, err)
				}
				eventually(t, func() bool { return countGoing(c, v.shows...) == len(gone) })
				for _, conn := range gone {
					require.NoError(t, conn.Close())
				}
				eventually(t, func() bool { return countGoing(c) == 0 })
				v.after(t, c)
				require.Contains(t, c.Info(ctx, "clients").Val(), "blocked_clients:0\r")
			})
		})
	}
}

// countGoing counts the clients that go of which CLIENT LIST says all that.
func countGoing(c *redis.Client, shows ...string) (n int) {
	for line := range strings.Lines(c.ClientList(context.Background()).Val()) {
		if strings.Contains(line, " name=goes ") && containsAll(line, shows) {
			n++
		}
	}
	return n
}

func containsAll(line string, parts []string) bool {
	for _, part := range parts {
		if !strings.Contains(line, part) {
			return false
		}
	}
	return true
}

// TestVanishBefore has one that waits behind a client that goes: it gets what comes.
func TestVanishBefore(t *testing.T) {
	both(t, func(t *testing.T, on side) {
		ctx := context.Background()
		c := redis.NewClient(on.goRedis(3))
		defer c.Close()
		first, err := on.dial(ctx, "", "")
		require.NoError(t, err)
		waits := func(n string) {
			t.Helper()
			eventually(t, func() bool { return strings.Contains(c.Info(ctx, "clients").Val(), "blocked_clients:"+n+"\r") })
		}
		_, err = first.Write(resp.AppendCommand(nil, "BLPOP", "list", "0"))
		require.NoError(t, err)
		waits("1")
		got := make(chan []string)
		go func() {
			v, _ := c.BLPop(ctx, 0, "list").Result()
			got <- v
		}()
		waits("2")
		require.NoError(t, first.Close())
		waits("1")
		require.EqualValues(t, 1, c.RPush(ctx, "list", "a").Val())
		require.Equal(t, []string{"list", "a"}, <-got)
	})
}

// TestVanishRedirection has a client that hears for another what that must forget. When it
// goes, the other is told.
func TestVanishRedirection(t *testing.T) {
	both(t, func(t *testing.T, on side) {
		ctx := context.Background()
		c := redis.NewClient(on.goRedis(3))
		defer c.Close()
		hears, err := on.dial(ctx, "", "")
		require.NoError(t, err)
		_, err = hears.Write(resp.AppendCommand(nil, "CLIENT", "SETNAME", "goes"))
		require.NoError(t, err)
		eventually(t, func() bool { return countGoing(c) == 1 })
		var id string
		for line := range strings.Lines(c.ClientList(ctx).Val()) {
			if strings.Contains(line, " name=goes ") {
				id = strings.TrimPrefix(strings.Fields(line)[0], "id=")
			}
		}
		reads, err := on.dial(ctx, "", "")
		require.NoError(t, err)
		defer reads.Close()
		require.NoError(t, reads.SetDeadline(time.Now().Add(10*time.Second)))
		var b []byte
		for _, line := range []string{"HELLO 3", "CLIENT TRACKING ON REDIRECT " + id, "GET string", "ECHO ready"} {
			b = resp.AppendCommand(b, strings.Fields(line)...)
		}
		_, err = reads.Write(b)
		require.NoError(t, err)
		readUntil(t, reads, "ready\r\n")
		require.NoError(t, hears.Close())
		eventually(t, func() bool { return countGoing(c) == 0 })
		require.NoError(t, c.Set(ctx, "string", "new", 0).Err())
		readUntil(t, reads, ">2\r\n$21\r\ntracking-redir-broken\r\n:"+id+"\r\n")
		_, err = reads.Write(resp.AppendCommand(nil, "GET", "string"))
		require.NoError(t, err)
		readUntil(t, reads, "$3\r\nnew\r\n")
	})
}

// readUntil reads what ends with the text.
func readUntil(t *testing.T, c net.Conn, text string) {
	t.Helper()
	var got []byte
	for b := make([]byte, 1); !strings.HasSuffix(string(got), text); got = append(got, b[0]) {
		_, err := c.Read(b)
		require.NoError(t, err, "%q has come, want %q", got, text)
	}
}

// TestVanishAtOnce has clients that wait and are killed, or unblocked, by one that pushes at
// once: they get nothing of that.
func TestVanishAtOnce(t *testing.T) {
	both(t, func(t *testing.T, on side) {
		ctx := context.Background()
		c := redis.NewClient(on.goRedis(3))
		defer c.Close()
		for i := range 200 {
			o := on.goRedis(2)
			o.MaxRetries = -1
			d := redis.NewClient(o)
			one := d.Conn()
			id := one.ClientID(ctx).Val()
			ended := make(chan error)
			go func() { ended <- one.BLPop(ctx, 0, "list").Err() }()
			eventually(t, func() bool { return strings.Contains(c.Info(ctx, "clients").Val(), "blocked_clients:1\r") })
			var length *redis.IntCmd
			_, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
				if i%2 == 0 {
					p.ClientKillByFilter(ctx, "ID", strconv.FormatInt(id, 10))
				} else {
					p.ClientUnblock(ctx, id)
				}
				p.RPush(ctx, "list", "kept")
				length = p.LLen(ctx, "list")
				p.Del(ctx, "list")
				return nil
			})
			require.NoError(t, err)
			require.EqualValues(t, 1, length.Val(), "%d", i)
			require.Error(t, <-ended)
			require.NoError(t, one.Close())
			require.NoError(t, d.Close())
		}
	})
}

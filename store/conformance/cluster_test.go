package conformance

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"
	"github.com/stretchr/testify/require"

	lang "github.com/alcovedb/alcove/store/command"
	"github.com/alcovedb/alcove/store/redistest"
	"github.com/alcovedb/alcove/store/resp"
)

var (
	// clusterServer starts a redis-server that is a cluster of one node, which has all slots,
	// at the first call, and returns its address.
	clusterServer = sync.OnceValues(startCluster)

	clusterInput *os.File // the server ends with it
)

func startCluster() (address string, err error) {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		return "", errNoRedis
	}
	ports, err := freePorts(2)
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "alcove")
	if err != nil {
		return "", err
	}
	cmd := exec.Command("sh", "-c", redisScript, dir, program, "--bind", "127.0.0.1", "--port", ports[0],
		"--cluster-enabled", "yes", "--cluster-port", ports[1], "--dir", dir, "--save", "", "--hz", "500")
	input, output, err := os.Pipe()
	if err != nil {
		return "", err
	}
	defer input.Close()
	cmd.Stdin, clusterInput = input, output
	if err := cmd.Start(); err != nil {
		return "", errors.Join(err, output.Close(), os.RemoveAll(dir))
	}
	address = net.JoinHostPort("127.0.0.1", ports[0])
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for began := time.Now(); time.Since(began) < 20*time.Second; <-poll.C {
		c, err := net.Dial("tcp", address)
		if err != nil {
			continue
		}
		_, err = c.Write(append(resp.AppendCommand(nil, "CLUSTER", "ADDSLOTSRANGE", "0", "16383"),
			resp.AppendCommand(nil, "CLUSTER", "INFO")...)) // the first is an error when it is done
		r := resp.NewReplyReader(c)
		_, first := r.Next()
		info, second := r.Next()
		if err := errors.Join(err, first, second, c.Close()); err == nil && strings.Contains(info.Str, "cluster_state:ok") {
			return address, nil
		}
	}
	log, _ := os.ReadFile(filepath.Join(dir, "log"))
	return "", errors.Join(fmt.Errorf("the cluster does not come up: %s", log), output.Close())
}

// freePorts returns ports that nobody listens on. Others may take them before they are used.
func freePorts(n int) (ports []string, err error) {
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		ports = append(ports, strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
	}
	return ports, nil
}

// onCluster runs a scenario with cluster rules in memory, in a bubble, and with a redis-server
// that is a cluster of one node. It must close what it opens.
func onCluster(t *testing.T, scenario func(t *testing.T, address string, dial dialer)) {
	t.Helper()
	memory := func(t *testing.T) {
		scenario(t, "127.0.0.1:6379", dialer(redistest.Run(t, redistest.WithClusterRules()).Dialer()))
	}
	t.Run("memory", memory)
	t.Run("bubble", func(t *testing.T) { synctest.Test(t, memory) })
	t.Run("redis", func(t *testing.T) {
		address, err := clusterServer()
		if errors.Is(err, errNoRedis) && os.Getenv("ALCOVE_REDIS") != "required" {
			t.Skip(err)
		}
		require.NoError(t, err)
		dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", address)
		}
		on := side{dial: dial}
		require.True(t, strings.HasPrefix(on.raw(t, "FLUSHALL"), "+OK"))
		scenario(t, address, dial)
	})
}

// clusterScript is commands whose replies depend on there being a cluster, or look at keys as if.
const clusterScript = `
CLUSTER KEYSLOT a|CLUSTER KEYSLOT {a}b|CLUSTER KEYSLOT {}a|CLUSTER KEYSLOT x{a}y{b}|CLUSTER KEYSLOT {{b}}|CLUSTER KEYSLOT {a|CLUSTER KEYSLOT }a{
CLUSTER INFO|CLUSTER NODES|CLUSTER SLOTS|CLUSTER SHARDS|CLUSTER LINKS|CLUSTER MYID|CLUSTER HELP
CLUSTER REPLICAS x|CLUSTER SLAVES x|CLUSTER COUNT-FAILURE-REPORTS x|CLUSTER REPLICAS $ID|CLUSTER COUNT-FAILURE-REPORTS $ID
CLUSTER COUNTKEYSINSLOT 15495|CLUSTER COUNTKEYSINSLOT -1|CLUSTER COUNTKEYSINSLOT 16384|CLUSTER COUNTKEYSINSLOT x
CLUSTER GETKEYSINSLOT 15495 1|CLUSTER GETKEYSINSLOT 15495 -1|CLUSTER GETKEYSINSLOT 16384 1|CLUSTER GETKEYSINSLOT x 1|CLUSTER GETKEYSINSLOT 1 x
SET a 1|CLUSTER COUNTKEYSINSLOT 15495|CLUSTER GETKEYSINSLOT 15495 1|CLUSTER GETKEYSINSLOT 15495 0
CLUSTER NOPE|CLUSTER KEYSLOT|READONLY|READWRITE|ASKING|READONLY x|INFO cluster|CONFIG GET cluster-enabled|CLUSTER SAVECONFIG
SELECT 0|SELECT 1|SELECT 16|SELECT -1|SELECT x|SWAPDB 0 0|SWAPDB 0 x|SWAPDB|MOVE a 0|MOVE a 1|MOVE a x
COPY a b|COPY a b DB 0|COPY a {a}b DB 0|COPY a {a}c DB 1|COPY a {a}c DB 16|COPY a {a}c DB 1 NO
MSET a 1 b 2|MSET {a}1 1 {a}2 2|MSET a 1 {a}b|MGET a b|MGET a {a}1|DEL a b|EXISTS a b|UNLINK a b|TOUCH a b|RENAME a b|WATCH a b|UNWATCH
SORT a BY x|SORT a BY x*|SORT a BY x BY y*|SORT a GET x|SORT a GET #|SORT a GET|SORT a STORE b
SINTERSTORE a b c|SINTERCARD 2 a b|ZUNIONSTORE a 2 b c|ZUNIONSTORE a x b c|PFCOUNT a b|PFMERGE a b|BITOP AND a b|LMPOP 2 a b LEFT
XREAD STREAMS a b 0 0|XREAD STREAMS a {a}b 0|GEORADIUS a 1 1 1 m STORE b|GEOSEARCHSTORE a b FROMLONLAT 1 1 BYRADIUS 1 m|BLPOP a b 0|LMOVE a b LEFT LEFT
EVAL return 2 a b|EVAL return 2 a|EVAL return x a b|FCALL f 2 a b
MULTI|SET a 1|SET b 1|EXEC|GET b|MULTI|SET a 1|SET {a}b 1|GET {a}c|EXEC|GET {a}b
MULTI|MSET a 1 b 1|EXEC|MULTI|MSET a 1 b 1|SET a 1|SET b 1|EXEC|MULTI|SET a 1|SET b 1|MSET a 1 b 1|EXEC|MULTI|SET a 1|SET b 1|DISCARD
MULTI|SELECT 1|SWAPDB 0 1|PING|EXEC|WATCH a|WATCH b|MULTI|SET a 1|EXEC|EXEC
PUBLISH a x|SPUBLISH a x|SSUBSCRIBE a b|SUNSUBSCRIBE a b|SUNSUBSCRIBE a|PUBSUB SHARDCHANNELS|MULTI|SPUBLISH a x|GET b|EXEC
OBJECT ENCODING a|COMMAND GETKEYS MSET a 1 b 2|DBSIZE|FLUSHDB|FLUSHALL|INFO keyspace`

// TestClusterRules asks both sides the same: what there are rules for, with and without RESP3.
func TestClusterRules(t *testing.T) {
	answers := map[string][]string{}
	onCluster(t, func(t *testing.T, _ string, dial dialer) {
		c, err := dial(context.Background(), "", "")
		require.NoError(t, err)
		defer c.Close()
		r := resp.NewReplyReader(c)
		do := func(words ...string) lang.Reply {
			_, err := c.Write(resp.AppendCommand(nil, words...))
			require.NoError(t, err)
			reply, err := r.Next()
			require.NoError(t, err)
			return reply
		}
		id := do("CLUSTER", "MYID").Str
		require.Len(t, id, 40)
		// Where the node is, and how many configurations it has seen.
		where := regexp.MustCompile(`127\.0\.0\.1|:\d+@\d+|\b(Str: )?Int:\d{4,5} |master - 0 0 \d+|epoch:\d+`)
		for _, proto := range []string{"2", "3"} {
			hello := do("HELLO", proto)
			require.Contains(t, fmt.Sprint(hello), "cluster")
			for _, line := range strings.Split(strings.ReplaceAll(clusterScript, "\n", "|"), "|") {
				if line == "" {
					continue
				}
				reply := fmt.Sprintf("%+v", do(strings.Fields(strings.ReplaceAll(line, "$ID", id))...))
				reply = strings.ReplaceAll(reply, id, "ID")
				if slices.Contains([]string{"CLUSTER NODES", "CLUSTER INFO", "CLUSTER SLOTS", "CLUSTER SHARDS"}, line) {
					reply = where.ReplaceAllString(reply, "")
				}
				answers[t.Name()] = append(answers[t.Name()], line+": "+reply)
			}
		}
	})
	want := answers["TestClusterRules/redis"]
	if want == nil {
		t.Skip("nothing to compare with")
	}
	for name, got := range answers {
		require.Equal(t, want, got, name)
	}
}

// TestClusterClients has clients for clusters find the node and use it.
func TestClusterClients(t *testing.T) {
	ctx := context.Background()
	t.Run("go-redis", func(t *testing.T) {
		onCluster(t, func(t *testing.T, address string, dial dialer) {
			c := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{address}, Dialer: dial, PoolSize: 100})
			defer c.Close()
			for i := range 100 {
				require.NoError(t, c.Set(ctx, fmt.Sprint("key", i), i, 0).Err())
			}
			cmds, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
				for i := range 100 {
					p.Get(ctx, fmt.Sprint("key", i))
				}
				return nil
			})
			require.NoError(t, err)
			require.Len(t, cmds, 100)
			require.ErrorContains(t, c.MGet(ctx, "key1", "key2").Err(), "CROSSSLOT")
			_, err = c.TxPipelined(ctx, func(p redis.Pipeliner) error {
				p.Incr(ctx, "{n}a")
				p.Incr(ctx, "{n}b")
				return nil
			})
			require.NoError(t, err)
			require.Equal(t, []any{"1", "1"}, c.MGet(ctx, "{n}a", "{n}b").Val())
			n := 0
			require.NoError(t, c.ForEachMaster(ctx, func(ctx context.Context, m *redis.Client) error {
				n++
				return m.Ping(ctx).Err()
			}))
			require.Equal(t, 1, n)
			require.Equal(t, int64(102), c.DBSize(ctx).Val())
			require.Equal(t, int64(lang.Slot("key7")), c.ClusterKeySlot(ctx, "key7").Val())
			shards, err := c.ClusterShards(ctx).Result()
			require.NoError(t, err)
			require.Len(t, shards, 1)
			require.Len(t, shards[0].Nodes, 1)
			ps := c.SSubscribe(ctx, "news")
			_, err = ps.Receive(ctx)
			require.NoError(t, err)
			require.NoError(t, c.SPublish(ctx, "news", "m").Err())
			m, err := ps.ReceiveMessage(ctx)
			require.NoError(t, err)
			require.Equal(t, "m", m.Payload)
			require.NoError(t, ps.Close())
		})
	})
	t.Run("rueidis", func(t *testing.T) {
		onCluster(t, func(t *testing.T, address string, dial dialer) {
			o := side{dial: dial}.rueidis()
			o.InitAddress = []string{address}
			c, err := rueidis.NewClient(o)
			require.NoError(t, err)
			defer c.Close()
			require.Equal(t, rueidis.ClientModeCluster, c.Mode())
			for i := range 100 {
				require.NoError(t, c.Do(ctx, c.B().Set().Key(fmt.Sprint("key", i)).Value("v").Build()).Error())
			}
			got, err := rueidis.MGet(c, ctx, []string{"key1", "key2", "key3"}) // a command a slot
			require.NoError(t, err)
			require.Len(t, got, 3)
			cached, err := c.DoCache(ctx, c.B().Get().Key("key1").Cache(), time.Minute).ToString()
			require.NoError(t, err)
			require.Equal(t, "v", cached)
			require.NoError(t, c.Dedicated(func(d rueidis.DedicatedClient) error {
				for _, r := range d.DoMulti(ctx, d.B().Multi().Build(), d.B().Incr().Key("{n}a").Build(),
					d.B().Incr().Key("{n}b").Build(), d.B().Exec().Build()) {
					require.NoError(t, r.Error())
				}
				return nil
			}))
		})
	})
}

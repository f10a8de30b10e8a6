package command

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

// TestSlot has the check value of the CRC, and keys with what may be a tag. The conformance tests
// ask a redis-server.
func TestSlot(t *testing.T) {
	require.Equal(t, uint16(0x31C3), crc16("123456789"))
	require.Equal(t, 0x31C3, Slot("123456789"))
	require.Zero(t, Slot(""))
	for key, like := range map[string]string{
		"{user1}.cart": "user1", "a{b}c{d}": "b", "{{b}}": "{b",
	} {
		require.Equal(t, Slot(like), Slot(key), key)
	}
	for _, key := range []string{"{}a", "a{}{b}", "{a", "a}"} {
		require.Equal(t, int(crc16(key)%Slots), Slot(key), key)
	}
}

// TestScriptInCluster: a command of a script is refused as any other.
func TestScriptInCluster(t *testing.T) {
	s := store.New()
	defer s.Close()
	srv := NewServer(s, WithClusterRules(), WithScriptEngine(goScripts{"touch": func(c *ScriptCall) Reply {
		if r := c.Call([]string{"MSET", "{a}1", "x", "{a}2", "y"}); r.Kind == Error {
			return r
		}
		return c.Call([]string{"MGET", "a", "b"})
	}}))
	defer srv.Close()
	c := srv.NewSession(nil)
	defer c.Close()
	require.Equal(t, errClusterScript, c.Do(t.Context(), []string{"EVAL", "touch", "0"}))
	require.Equal(t, errCrossSlot, c.Do(t.Context(), []string{"EVAL", "touch", "2", "a", "b"}))
	n, err := s.Exists("{a}1", "{a}2")
	require.NoError(t, err)
	require.Equal(t, 2, n)
}

// scriptLinesInCluster are run on both sides. A line that is one word is a remark.
var scriptLinesInCluster = [][]string{
	{"a script says what it is, and stays in one slot"},
	{"EVAL", "#!lua\nreturn redis.call('SET', '{b}x', '1')", "1", "a"},
	{"EVAL", "#!lua\nreturn redis.pcall('SET', '{b}x', '1')", "1", "a"},
	{"EVAL", "#!lua\nreturn redis.call('SET', '{a}x', '1')", "1", "a"},
	{"EVAL", "#!lua\nredis.call('PING'); redis.call('SET', 'x', '1'); redis.call('GET', '{x}a'); return redis.call('SET', 'y', '1')", "0"},
	{"EVAL", "#!lua\nreturn redis.call('MSET', 'a', '1', 'b', '2')", "1", "a"},
	{"EVAL", "#!lua\nredis.call('PUBLISH', 'b', '1'); return redis.call('SPUBLISH', 'b', '1')", "1", "a"},
	{"EVAL", "#!lua\nreturn redis.call('SELECT', '1')", "1", "a"},
	{"EVAL", "#!lua\nreturn redis.call('GET', 'a')", "2", "a", "b"},
	{"EVAL", "#!lua flags=no-writes\nreturn redis.call('SET', 'b', '2')", "1", "a"},
	{"EVAL", "#!lua flags=no-writes\nreturn redis.call('MSET', 'a', '1', 'b', '2')", "1", "a"},
	{"EVAL_RO", "return redis.call('MSET', 'a', '1', 'b', '2')", "0"},
	{"SCRIPT", "LOAD", "#!lua\nreturn redis.call('SET', 'd', '1')"},
	{"EVALSHA", digestOfScript("#!lua\nreturn redis.call('SET', 'd', '1')"), "1", "a"},
	{"EVALSHA", digestOfScript("#!lua\nreturn redis.call('SET', 'd', '1')"), "0"},

	{"it says that it does not, or says nothing"},
	{"EVAL", "#!lua flags=allow-cross-slot-keys\nredis.call('SET', 'x', '1'); return redis.call('SET', 'y', '1')", "1", "a"},
	{"EVAL", "#!lua flags=allow-cross-slot-keys\nreturn redis.call('MGET', 'x', 'y')", "0"},
	{"EVAL", "redis.call('SET', 'x', '2'); return redis.call('SET', 'y', '2')", "1", "a"},
	{"EVAL", "return redis.call('MGET', 'x', 'y')", "0"},

	{"not in a cluster"},
	{"EVAL", "#!lua flags=no-cluster\nreturn 1", "0"},
	{"EVAL", "#!lua flags=no-cluster\nreturn 1", "2", "a", "b"},
	{"EVAL_RO", "#!lua flags=no-cluster\nreturn 1", "0"},
	{"EVAL_RO", "#!lua\nreturn 1", "0"},

	{"functions"},
	{"FUNCTION", "LOAD", "#!lua name=l\n" +
		"redis.register_function('f', function(keys, args) redis.call('SET', 'x', '3'); return redis.call('SET', 'y', '3') end)\n" +
		"redis.register_function{function_name='g', callback=function(keys, args) redis.call('SET', 'x', '3'); return redis.call('SET', 'y', '3') end, flags={'allow-cross-slot-keys'}}\n" +
		"redis.register_function{function_name='n', callback=function(keys, args) return 1 end, flags={'no-cluster'}}"},
	{"FCALL", "f", "0"},
	{"FCALL", "f", "1", "a"},
	{"FCALL", "f", "1", "x"},
	{"FCALL", "g", "1", "a"},
	{"FCALL", "n", "0"},
	{"FCALL", "n", "x"},
	{"FCALL_RO", "n", "0"},

	{"the slot of a transaction is that of all in it"},
	{"MULTI"},
	{"EVAL", "#!lua\nreturn redis.call('SET', 'x', '4')", "0"},
	{"SET", "a", "4"},
	{"EVAL", "#!lua\nreturn redis.call('SET', '{a}', '5')", "0"},
	{"EXEC"},
	{"MULTI"},
	{"PING"},
	{"EVAL", "#!lua\nreturn redis.call('SET', 'x', '6')", "0"},
	{"EVAL", "#!lua\nreturn redis.call('SET', 'y', '6')", "0"},
	{"EXEC"},
	{"EVAL", "#!lua\nreturn redis.call('SET', 'y', '7')", "0"},
	{"EVAL", "#!lua\nreturn redis.call('SET', 'x', '7')", "0"},
	{"GET", "x"},
	{"GET", "y"},
	{"GET", "a"},

	{"REPLICAOF is not for clusters"},
	{"REPLICAOF", "NO", "ONE"},
	{"SLAVEOF", "127.0.0.1", "x"},
}

func TestScriptSlotsBesideRedis(t *testing.T) {
	t.Parallel() // a node takes two seconds to be a cluster
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	bus := l.Addr().(*net.TCPAddr).Port
	require.NoError(t, l.Close())
	socket := startRedis(t, "--bind", "127.0.0.1", "--cluster-enabled", "yes", "--cluster-port", strconv.Itoa(bus), "--hz", "500")
	c := dialRedis(t, socket)
	require.Equal(t, ok, c.do(t, "CLUSTER", "ADDSLOTSRANGE", "0", strconv.Itoa(Slots-1)))
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for began := time.Now(); !strings.Contains(c.do(t, "CLUSTER", "INFO").Str, "cluster_state:ok"); <-poll.C {
		require.Less(t, time.Since(began), 20*time.Second)
	}
	_, _, list := newScripts(t, 1, WithClusterRules())
	for _, words := range scriptLinesInCluster {
		require.Equal(t, fmt.Sprint(c.do(t, words...)), fmt.Sprint(tell(list[0], words...)), words)
	}
}

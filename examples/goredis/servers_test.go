package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// serversScript runs the server "$1" with each of the other arguments as its configuration,
// until its standard input ends, then cleans up. The input is a pipe held by the test binary,
// so that no server and no directory, "$0", outlives it, not even one that was killed.
const serversScript = `trap '' INT TERM HUP
server=$1 servers=
shift
for conf; do
	"$server" "$conf" >"$conf.log" 2>&1 &
	servers="$servers $!"
done
cat >/dev/null
kill -9 $servers
wait
rm -rf "$0"`

var errNoRedis = errors.New("no redis-server on PATH")

// redisServer returns the address of a server, and cluster those of three that are one, as the
// flags take them.
var redisServer, cluster func() (addrs string, err error)

// silent is the logger of go-redis: of the connections that tests break it has something to say.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

func TestMain(m *testing.M) {
	redis.SetLogger(silent{})
	redisServer = launch(1, "", nil)
	cluster = launch(3, "cluster-enabled yes\n", join)
	go cluster() // which takes two seconds: other tests can run meanwhile
	os.Exit(m.Run())
}

// launch starts n servers. What it returns waits until they are ready.
func launch(n int, conf string, ready func([]node) error) func() (addrs string, err error) {
	nodes, err := startServers(n, conf)
	return sync.OnceValues(func() (string, error) {
		if err != nil {
			return "", err
		}
		addrs := make([]string, n)
		for i, nd := range nodes {
			addrs[i] = nd.addr()
			err := nd.eventually(func(ctx context.Context, rdb *redis.Client) error { return rdb.Ping(ctx).Err() })
			if err != nil {
				log, _ := os.ReadFile(nd.conf + ".log")
				return "", fmt.Errorf("redis-server does not answer: %w\n%s", err, log)
			}
		}
		if ready == nil {
			return addrs[0], nil
		}
		return strings.Join(addrs, ","), ready(nodes)
	})
}

// started returns what redisServer or cluster does. Without a redis-server on PATH it skips
// the test, or fails it if the environment says ALCOVE_REDIS=required.
func started(t *testing.T, start func() (string, error)) (addrs string) {
	t.Helper()
	addrs, err := start()
	if errors.Is(err, errNoRedis) && os.Getenv("ALCOVE_REDIS") != "required" {
		t.Skipf("%v (ALCOVE_REDIS=required makes this a failure)", err)
	}
	require.NoError(t, err)
	return addrs
}

// A node is a server that listens on loopback, one of a cluster on a second port for the others.
type node struct {
	port, bus int
	conf      string // a file
}

func (n node) addr() string { return "127.0.0.1:" + strconv.Itoa(n.port) }

// inputs are those of the scripts, as long as the process lives.
var inputs = make(chan *os.File, 2)

// startServers starts n servers.
func startServers(n int, conf string) (nodes []node, err error) {
	server, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, errNoRedis
	}
	dir, err := os.MkdirTemp("", "alcove")
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	args := []string{"-c", serversScript, dir, server}
	if nodes, err = configure(dir, n, conf); err != nil {
		return nil, err
	}
	for _, nd := range nodes {
		args = append(args, nd.conf)
	}
	cmd := exec.Command("sh", args...)
	input, output, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer input.Close()
	cmd.Stdin = input
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, output.Close())
	}
	inputs <- output
	return nodes, nil
}

// configure writes the configurations of n servers.
func configure(dir string, n int, conf string) (nodes []node, err error) {
	ports, err := freePorts(2 * n)
	if err != nil {
		return nil, err
	}
	for i := range n {
		nd := node{ports[2*i], ports[2*i+1], filepath.Join(dir, strconv.Itoa(i)+".conf")}
		text := fmt.Sprintf("bind 127.0.0.1\nport %d\ncluster-port %d\ncluster-config-file %d.nodes\ndir %s\nsave \"\"\n%s",
			nd.port, nd.bus, i, dir, conf)
		if err := os.WriteFile(nd.conf, []byte(text), 0o600); err != nil {
			return nil, err
		}
		nodes = append(nodes, nd)
	}
	return nodes, nil
}

// freePorts returns n ports that nobody listens on, none of those that systems give to
// connections, so that nobody takes them by chance before a server does.
func freePorts(n int) (ports []int, err error) {
	for range 1000 {
		port := 10000 + rand.IntN(20000)
		l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
		if err != nil {
			continue
		}
		defer l.Close() // all of them at the end, so that they differ
		if ports = append(ports, port); len(ports) == n {
			return ports, nil
		}
	}
	return nil, errors.New("no free ports")
}

// join makes nodes a cluster and waits until each of them says that it works.
func join(nodes []node) error {
	const slots = 16384
	for i, nd := range nodes {
		err := nd.do(func(ctx context.Context, rdb *redis.Client) error {
			if err := rdb.Do(ctx, "CLUSTER", "SET-CONFIG-EPOCH", i+1).Err(); err != nil {
				return err
			}
			if err := rdb.Do(ctx, "CLUSTER", "MEET", "127.0.0.1", nodes[0].port, nodes[0].bus).Err(); err != nil {
				return err
			}
			return rdb.ClusterAddSlotsRange(ctx, i*slots/len(nodes), (i+1)*slots/len(nodes)-1).Err()
		})
		if err != nil {
			return err
		}
	}
	for _, nd := range nodes {
		err := nd.eventually(func(ctx context.Context, rdb *redis.Client) error {
			info, err := rdb.ClusterInfo(ctx).Result()
			for _, want := range []string{"cluster_state:ok", "cluster_slots_ok:16384", "cluster_size:" + strconv.Itoa(len(nodes))} {
				if err == nil && !strings.Contains(info, want) {
					err = fmt.Errorf("not %s: %s", want, info)
				}
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// do calls f with a client of the node.
func (n node) do(f func(ctx context.Context, rdb *redis.Client) error) error {
	rdb := redis.NewClient(&redis.Options{Addr: n.addr()})
	defer rdb.Close()
	return f(context.Background(), rdb)
}

// eventually calls f until it returns nil.
func (n node) eventually(f func(ctx context.Context, rdb *redis.Client) error) (err error) {
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	for began := time.Now(); time.Since(began) < 20*time.Second; <-poll.C {
		if err = n.do(f); err == nil {
			return nil
		}
	}
	return err
}

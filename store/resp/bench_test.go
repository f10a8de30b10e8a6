package resp

import (
	"bytes"
	"io"
	"net"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/alcovedb/alcove/store"
	"github.com/alcovedb/alcove/store/command"
	"github.com/stretchr/testify/require"
)

// endless brings the same bytes again and again.
type endless struct {
	wire []byte
	at   int
}

func (r *endless) Read(p []byte) (int, error) {
	n := copy(p, r.wire[r.at:])
	if r.at += n; r.at == len(r.wire) {
		r.at = 0
	}
	return n, nil
}

func BenchmarkReader(b *testing.B) {
	for _, c := range []struct {
		name string
		args []string
	}{
		{"PING", []string{"PING"}},
		{"SET", []string{"SET", "key:000001", "a value of thirty-two bytes, 32."}},
		{"MSET of 100", append([]string{"MSET"}, strings.Fields(strings.Repeat("key:000001 value ", 100))...)},
		{"SET of 1 KiB", []string{"SET", "key:000001", strings.Repeat("v", 1<<10)}},
		{"SET of 1 MiB", []string{"SET", "key:000001", strings.Repeat("v", 1<<20)}},
	} {
		b.Run(c.name, func(b *testing.B) {
			wire := AppendCommand(nil, c.args...)
			b.SetBytes(int64(len(wire)))
			b.ReportAllocs()
			r := NewReader(&endless{wire: bytes.Repeat(wire, max(1, 16384/len(wire)))})
			for b.Loop() {
				if _, err := r.Next(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("inline", func(b *testing.B) {
		b.ReportAllocs()
		r := NewReader(&endless{wire: bytes.Repeat([]byte("SET key:000001 \"a value of thirty-two bytes, 32.\"\r\n"), 300)})
		for b.Loop() {
			r.Next()
		}
	})
}

func BenchmarkAppendReply(b *testing.B) {
	array := command.Reply{Kind: command.Array}
	for range 100 {
		array.Elems = append(array.Elems, command.Reply{Kind: command.Bulk, Str: "element"})
	}
	for name, reply := range map[string]command.Reply{
		"OK":           {Kind: command.Simple, Str: "OK"},
		"integer":      number(12345),
		"bulk":         {Kind: command.Bulk, Str: "a value of thirty-two bytes, 32."},
		"double":       {Kind: command.Double, Float: 3.141},
		"array of 100": array,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var buf []byte
			for b.Loop() {
				buf = AppendReply(buf[:0], 3, reply)
			}
		})
	}
}

func BenchmarkReplyReader(b *testing.B) {
	array := command.Reply{Kind: command.Array, Elems: make([]command.Reply, 100)}
	wire := AppendReply(AppendReply(nil, 3, command.Reply{Kind: command.Bulk, Str: "a value"}), 3, array)
	b.SetBytes(int64(len(wire)))
	b.ReportAllocs()
	r := NewReplyReader(&endless{wire: wire})
	for b.Loop() {
		for range 2 {
			if _, err := r.Next(); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// connections are what a client and a server can have between them.
var connections = []struct {
	name string
	pair func(b *testing.B) (client, server net.Conn)
}{
	{"memory", func(b *testing.B) (client, server net.Conn) { return testPipe(b) }},
	{"net.Pipe", func(*testing.B) (client, server net.Conn) { return net.Pipe() }},
	{"unix socket", func(b *testing.B) (client, server net.Conn) {
		l, err := net.Listen("unix", filepath.Join(b.TempDir(), "s"))
		require.NoError(b, err)
		defer l.Close()
		client, err = net.Dial("unix", l.Addr().String())
		require.NoError(b, err)
		server, err = l.Accept()
		require.NoError(b, err)
		return client, server
	}},
}

// serveAny is serve on any connection.
func serveAny(server net.Conn, reply command.Reply) {
	r, w := NewReader(server), NewWriter(server)
	r.OnWait = w.Flush
	for {
		if _, err := r.Next(); err != nil {
			server.Close()
			return
		}
		w.Reply(reply)
	}
}

// BenchmarkRoundTrip sends a command and waits for the reply, with deadlines as clients set
// them, and without.
func BenchmarkRoundTrip(b *testing.B) {
	for _, c := range connections {
		for _, deadlines := range []string{"deadlines", "none"} {
			b.Run(c.name+"/"+deadlines, func(b *testing.B) {
				client, server := c.pair(b)
				go serveAny(server, testReply(""))
				wire, buf := AppendCommand(nil, "SET", "key:000001", "value"), make([]byte, 64)
				b.ReportAllocs()
				for b.Loop() {
					if deadlines == "deadlines" {
						client.SetWriteDeadline(time.Now().Add(3 * time.Second))
					}
					client.Write(wire)
					if deadlines == "deadlines" {
						client.SetReadDeadline(time.Now().Add(3 * time.Second))
					}
					if _, err := client.Read(buf); err != nil {
						b.Fatal(err)
					}
				}
				client.Close()
			})
		}
	}
}

// BenchmarkPipeline sends 100 commands and reads their replies.
func BenchmarkPipeline(b *testing.B) {
	for _, c := range connections {
		if c.name == "net.Pipe" {
			continue // both sides would write, and nobody read
		}
		b.Run(c.name, func(b *testing.B) {
			client, server := c.pair(b)
			go serveAny(server, testReply(""))
			wire := bytes.Repeat(AppendCommand(nil, "SET", "key:000001", "value"), 100)
			buf := make([]byte, 100*len("+OK\r\n"))
			b.ReportAllocs()
			for b.Loop() {
				client.Write(wire)
				if _, err := io.ReadFull(client, buf); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100, "ns/command")
			client.Close()
		})
	}
}

// BenchmarkLarge brings values of 1 MiB to the server, and back.
func BenchmarkLarge(b *testing.B) {
	value := strings.Repeat("v", 1<<20)
	for _, c := range connections {
		for name, send := range map[string]struct{ there, back string }{"SET": {value, ""}, "GET": {"", value}} {
			b.Run(c.name+"/"+name, func(b *testing.B) {
				client, server := c.pair(b)
				reply := testReply(send.back)
				go serveAny(server, reply)
				wire := AppendCommand(nil, "SET", "key:000001", send.there)
				buf := make([]byte, len(AppendReply(nil, 2, reply)))
				b.SetBytes(int64(len(value)))
				b.ReportAllocs()
				for b.Loop() {
					client.Write(wire)
					if _, err := io.ReadFull(client, buf); err != nil {
						b.Fatal(err)
					}
				}
				client.Close()
			})
		}
	}
}

// BenchmarkLargePipeline sends 10,000 commands before it reads a reply, each of a mebibyte
// there or back, and says how much of the heap they take at most.
func BenchmarkLargePipeline(b *testing.B) {
	const n, size = 10000, 1 << 20
	value := strings.Repeat("v", size)
	for name, words := range map[string][]string{"SET": {"SET", "k", value}, "GET": {"GET", "k"}} {
		b.Run(name, func(b *testing.B) {
			s := store.New()
			defer s.Close()
			srv := NewServer(s)
			defer srv.Close()
			c := dialTest(b, srv)
			c.send("SET k " + value)
			c.next()
			wire, buf := AppendCommand(nil, words...), make([]byte, size)
			back := int64(n) * int64(len("+OK\r\n"))
			if name == "GET" {
				back = int64(n) * int64(len("$1048576\r\n\r\n")+size)
			}
			var most, m runtime.MemStats
			look := func() {
				if runtime.ReadMemStats(&m); m.HeapInuse > most.HeapInuse {
					most = m
				}
			}
			b.SetBytes(n * size)
			b.ReportAllocs()
			for b.Loop() {
				for i := range n {
					c.Write(wire)
					if i%500 == 0 {
						look()
					}
				}
				for left := back; left > 0; {
					got, err := c.Read(buf)
					if err != nil {
						b.Fatal(err)
					}
					if left -= int64(got); left>>20%512 == 0 {
						look()
					}
				}
			}
			b.ReportMetric(float64(most.HeapInuse)/(1<<20), "MiB-heap")
		})
	}
}

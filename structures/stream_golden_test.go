package structures

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestStreamGolden plays commands whose replies a real redis-server gave, see the head of
// the file.
func TestStreamGolden(t *testing.T) {
	f, err := os.Open("testdata/stream.txt")
	require.NoError(t, err)
	defer f.Close()
	lines := bufio.NewScanner(f)
	s, at := NewStream(), 0
	for lines.Scan() {
		at++
		line := lines.Text()
		if strings.HasPrefix(line, "#") {
			continue
		}
		command, want, replied := strings.Cut(line, " > ")
		if want == "ERR" || want == "none" {
			continue
		}
		args := strings.Fields(command)
		if args[0] == "NEW" {
			s = NewStream()
			continue
		}
		got := goldenCommand(t, s, args)
		if replied && got != want {
			t.Fatalf("line %d: %s\n got: %s\nwant: %s", at, command, got, want)
		}
	}
	require.NoError(t, lines.Err())
	require.Greater(t, at, 1000)
}

func goldenID(s string) StreamID {
	ms, seq, _ := strings.Cut(s, "-")
	a, _ := strconv.ParseUint(ms, 10, 64)
	b, _ := strconv.ParseUint(seq, 10, 64)
	return StreamID{a, b}
}

func goldenInt(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

func goldenCommand(t *testing.T, s *Stream, args []string) string {
	switch args[0] {
	case "INFO":
		return goldenInfo(s)
	case "XADD":
		pairs := args[2:]
		for i, p := range pairs {
			if p == `""` {
				pairs[i] = ""
			} else if p[0] == '@' {
				pairs[i] = strings.Repeat("x", goldenInt(p[1:]))
			}
		}
		s.Add(goldenID(args[1]), pairs)
	case "XDEL":
		if s.Delete(goldenID(args[1])) {
			return "1"
		}
		return "0"
	case "XTRIM":
		c := StreamTrim{ByID: args[1] == "MINID", Approx: args[2] == "~"}
		c.MaxLen, c.MinID = goldenInt(args[3]), goldenID(args[3])
		if len(args) > 4 {
			c.Limit = goldenInt(args[5])
		} else if c.Approx {
			c.Limit = 100 * streamNodeEntries
		}
		return fmt.Sprint(s.Trim(c))
	case "XGROUP":
		return goldenGroup(s, args[1:])
	case "XREADGROUP":
		return goldenRead(s, args[1], goldenInt(args[2]))
	case "XSETID":
		s.SetLastID(goldenID(args[1]))
		if len(args) > 2 {
			s.SetEntriesAdded(uint64(goldenInt(args[3])))
			s.SetMaxDeletedID(goldenID(args[5]))
		}
		return "OK"
	default:
		t.Fatal(args)
	}
	return ""
}

func goldenGroup(s *Stream, args []string) string {
	last, read := goldenID(args[2]), int64(StreamReadUnknown)
	if args[2] == "$" {
		last = s.LastID()
	}
	if len(args) > 3 {
		read = int64(goldenInt(args[4]))
	}
	if args[0] == "CREATE" {
		s.CreateGroup(args[1], last, read).CreateConsumer("c", 0)
	} else {
		s.ChangeGroup(args[1]).SetLastID(last, read)
	}
	return "OK"
}

func goldenRead(s *Stream, name string, count int) string {
	g := s.ChangeGroup(name)
	from, _ := g.LastID().Next()
	read := 0
	s.Range(from, MaxStreamID, false, func(e StreamEntry) bool {
		s.Deliver(g, e.ID)
		g.Put(StreamPending{ID: e.ID, Count: 1, Consumer: g.Consumer("c")})
		read++
		return read < count
	})
	return fmt.Sprint(read)
}

func goldenInfo(s *Stream) string {
	var b strings.Builder
	id := func(id StreamID) { fmt.Fprintf(&b, " %d-%d", id.Ms, id.Seq) }
	edge := func(e StreamEntry, ok bool) {
		if ok {
			id(e.ID)
		} else {
			b.WriteString(" -")
		}
	}
	keys, radix := s.Nodes()
	fmt.Fprintf(&b, "%d %d %d", s.Len(), keys, radix)
	id(s.LastID())
	id(s.MaxDeletedID())
	fmt.Fprintf(&b, " %d", s.EntriesAdded())
	id(s.FirstID())
	edge(s.First())
	edge(s.Last())
	s.EachGroup(func(g *StreamGroup) bool {
		fmt.Fprintf(&b, " | %s", g.Name())
		id(g.LastID())
		number := func(n int64, ok bool) string {
			if !ok {
				return "nil"
			}
			return fmt.Sprint(n)
		}
		lag, ok := s.Lag(g)
		fmt.Fprintf(&b, " %d %s %s", g.Len(), number(g.EntriesRead(), g.EntriesRead() != StreamReadUnknown), number(lag, ok))
		return true
	})
	return b.String()
}

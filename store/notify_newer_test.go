package store

import (
	"context"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestNewerEvents does what the files in testdata/newer/events say. They are as those of
// TestNewerCommands, but below a command are the notifications that it sends, with the keys,
// in the place of its reply.
func TestNewerEvents(t *testing.T) {
	used := replayEvents(t, "testdata/newer/events/*.txt", "EAnoc", keyEvents)
	for _, d := range newer {
		if !used[d.name] && !slices.Contains(newerReads, d.name) && differByName(d.name) == nil {
			t.Errorf("%s is in no file", d.name)
		}
	}
}

// newerReads are those of newer that write nothing.
var newerReads = strings.Fields("DIGEST HEXPIRETIME HPEXPIRETIME HTTL HPTTL SDIFFCARD SUNIONCARD")

// TestSubkeyEvents does the same with the channels that name fields: whole, in quotes.
func TestSubkeyEvents(t *testing.T) {
	replayEvents(t, "testdata/newer/subkeys/*.txt", "STIVh", func(list []string) (quoted []string) {
		for _, text := range list {
			quoted = append(quoted, strconv.Quote(text))
		}
		return quoted
	})
}

// replayEvents does what files say and wants what is sent to be in them, in the form of
// told. It returns the names of the commands.
func replayEvents(t *testing.T, pattern, flags string, told func([]string) []string) map[string]bool {
	t.Helper()
	used := map[string]bool{}
	for name, cases := range newerCases(t, pattern) {
		for _, c := range cases {
			t.Run(filepath.Base(name)+"/"+c.why, func(t *testing.T) {
				w := &twin{t: t, rng: seededRand(t), s: newTest(t)}
				heard := recordEvents(t, w.s, flags)
				for _, line := range c.lines {
					args := fieldsOf(t, line.command)
					d := newerByName(args[0])
					require.NotNil(t, d, line.command)
					used[d.name] = true
					_, err := d.call(w, w.db(), args[1:])
					if err = classOf(err); err != ErrNotFound {
						require.NoError(t, err, "%s:%d: %s", name, line.at, line.command)
					}
					require.Equal(t, line.reply, told(heard.take()), "%s:%d: %s", name, line.at, line.command)
				}
			})
		}
	}
	return used
}

// keyEvents returns notifications of events without their prefixes.
func keyEvents(list []string) (short []string) {
	for _, text := range list {
		_, text, _ = strings.Cut(text, "__:")
		short = append(short, text)
	}
	return short
}

// Who is served while it waits for what newer commands ask sends what these send, after the
// one that serves it.
func TestNewerEventsOfWaiters(t *testing.T) {
	bubble(t, func(t *testing.T, s *Store, ctx context.Context) {
		var c crowd
		heard := recordEvents(t, s, "EAnoc")
		c.exactly(ctx, s.DB(0), "a", "b", 2)
		grow(t, s.DB(0), "a", "1")
		require.Equal(t, []string{"new a", "rpush a"}, keyEvents(heard.take()))
		require.NoError(t, s.Update(func(tx *Tx) error {
			_, err := tx.List("a").LPush("0")
			return err
		}))
		require.Equal(t, []string{"lpush a", "new b", "rpush b", "lpop a", "del a"}, keyEvents(heard.take()))
		require.Equal(t, []got{{0, "0 1", nil}}, c.results())

		g := s.Stream("s").Group("g")
		require.NoError(t, g.CreateWith(AtEnd, GroupOptions{MkStream: true}))
		id, err := s.Stream("s").Add("f", "v")
		require.NoError(t, err)
		_, err = g.Read("first", GroupReadOptions{})
		require.NoError(t, err)
		c.wait(func() (string, error) {
			list, err := g.ReadBlock(ctx, "second", GroupReadOptions{Claim: time.Hour})
			return strconv.Itoa(len(list)), err
		})
		heard.take()
		n, err := g.Nack(NackFail, id)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.Equal(t, []string{"xgroup-createconsumer s"}, keyEvents(heard.take()))
		require.Equal(t, []got{{1, "1", nil}}, c.results())
	})
}

package store

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestNewerEvents does what the files in testdata/newer/events say. They are as those of
// TestNewerCommands, but below a command are the notifications that it sends, with the keys,
// in the place of its reply.
func TestNewerEvents(t *testing.T) {
	files, err := filepath.Glob("testdata/newer/events/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, name := range files {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		cases, err := readNewer(string(text))
		require.NoError(t, err, name)
		for _, c := range cases {
			t.Run(filepath.Base(name)+"/"+c.why, func(t *testing.T) {
				w := &twin{t: t, rng: seededRand(t), s: newTest(t)}
				heard := recordEvents(t, w.s, "EAnoc")
				for _, line := range c.lines {
					args := fieldsOf(t, line.command)
					d := newerByName(args[0])
					require.NotNil(t, d, line.command)
					_, err := d.call(w, w.db(), args[1:])
					require.NoError(t, classOf(err), "%s:%d: %s", name, line.at, line.command)
					require.Equal(t, line.reply, keyEvents(heard.take()), "%s:%d: %s", name, line.at, line.command)
				}
			})
		}
	}
}

// keyEvents returns notifications of events without their prefixes.
func keyEvents(list []string) (short []string) {
	for _, text := range list {
		_, text, _ = strings.Cut(text, "__:")
		short = append(short, text)
	}
	return short
}

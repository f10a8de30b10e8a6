package command

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

// FuzzDo runs lines of words, of which none may panic, nor stay without a reply.
func FuzzDo(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.txt"))
	require.NoError(f, err)
	for _, file := range files {
		name, text := strings.TrimSuffix(filepath.Base(file), ".txt"), ""
		for i, words := range scriptLines(f, name) {
			text += strings.Join(words, " ") + "\n"
			if i%20 == 19 {
				f.Add(text)
				text = ""
			}
		}
		f.Add(text)
	}
	f.Add("EVAL\terror('boom\x0f)\t0")
	for _, words := range scriptLinesOfRedis {
		f.Add(strings.Join(words, "\t"))
	}
	f.Fuzz(func(t *testing.T, text string) {
		synctest.Test(t, func(t *testing.T) { // where an hour passes at once
			s := store.New()
			defer s.Close()
			srv := NewServer(s, WithScriptEngine(tinyLua{}))
			defer srv.Close()
			session := srv.NewSession(nil)
			muted := false
			for _, line := range strings.Split(text, "\n") {
				ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
				words := strings.Split(line, " ")
				if strings.Contains(line, "\t") { // words with spaces in them
					words = strings.Split(line, "\t")
				}
				r := session.Do(ctx, words)
				cmd := Lookup(words)
				muted = muted || session.Ended() || cmd != nil && cmd.FullName() == "client|reply"
				if !muted && (cmd == nil || cmd.Flags&PubSub == 0) { // of which the replies are in the sink
					require.NotEqual(t, None, r.Kind, "%q", line)
				}
				cancel()
			}
		})
	})
}

package store

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What counts as an access to a key is what does in Redis 7.0.15.
func TestIdleTime(t *testing.T) {
	for _, test := range []struct {
		command string
		access  bool
		run     func(db DB) error
	}{
		{"GET", true, func(db DB) error { _, err := db.String("k").Get(); return err }},
		{"STRLEN", true, func(db DB) error { _, err := db.String("k").StrLen(); return err }},
		{"GETRANGE", true, func(db DB) error { _, err := db.String("k").GetRange(0, 1); return err }},
		{"MGET", true, func(db DB) error { _, err := db.MGet("k"); return err }},
		{"LCS", true, func(db DB) error { _, err := db.String("k").LCS("k"); return err }},
		{"TOUCH", true, func(db DB) error { _, err := db.Touch("k"); return err }},
		{"SET", true, func(db DB) error { return db.String("k").Set("v") }},
		{"SET NX", true, func(db DB) error { _, err := db.String("k").SetNX("v"); return err }},
		{"APPEND", true, func(db DB) error { _, err := db.String("k").Append("x"); return err }},
		{"SETRANGE", true, func(db DB) error { _, err := db.String("k").SetRange(0, "x"); return err }},
		{"GETEX", true, func(db DB) error { _, err := db.String("k").GetEx(Expiry{}); return err }},
		{"GETEX PERSIST", true, func(db DB) error { _, err := db.String("k").GetEx(Persist); return err }},
		{"EXPIRE", true, func(db DB) error { _, err := db.Expire("k", time.Hour); return err }},
		{"PERSIST", true, func(db DB) error { _, err := db.Persist("k"); return err }},
		{"COPY", true, func(db DB) error { _, err := db.Copy("k", "other"); return err }},
		{"EXISTS", false, func(db DB) error { _, err := db.Exists("k"); return err }},
		{"TYPE", false, func(db DB) error { _, err := db.Type("k"); return err }},
		{"TTL", false, func(db DB) error { _, err := db.TTL("k"); return err }},
		{"EXPIRETIME", false, func(db DB) error { _, err := db.ExpireTime("k"); return err }},
		{"KEYS", false, func(db DB) error { _, err := db.Keys("*"); return err }},
		{"SCAN", false, func(db DB) error { _, _, err := db.Scan(0, ScanOptions{Count: 1 << 20}); return err }},
		{"OBJECT ENCODING", false, func(db DB) error { _, err := db.ObjectEncoding("k"); return err }},
		{"MEMORY USAGE", false, func(db DB) error { _, err := db.MemoryUsage("k"); return err }},
	} {
		for form, value := range map[string]string{"short": "v", "large": strings.Repeat("v", 2000)} {
			t.Run(test.command+" "+form, func(t *testing.T) {
				clock := NewManualClock(time.Unix(1_700_000_000, 0))
				s := newTest(t, WithClock(clock), WithTracking(TrackIdleTime))
				require.NoError(t, s.String("k").Set(value))
				_, err := s.String("k").Append("+") // in place, if it is large
				require.NoError(t, err)
				clock.Advance(100 * time.Second)
				require.NoError(t, test.run(s.DB(0)))
				idle, err := s.ObjectIdleTime("k")
				require.NoError(t, err)
				want := 100 * time.Second
				if test.access {
					want = 0
				}
				require.Equal(t, want, idle)
			})
		}
	}
}

// What a transaction has made is new.
func TestIdleTimeInUpdate(t *testing.T) {
	for tracking, want := range map[Tracking]int{TrackIdleTime: 0, TrackFrequency: lfuInit} {
		s := newTest(t, WithTracking(tracking))
		require.NoError(t, s.Update(func(tx *Tx) error {
			require.NoError(t, tx.String("k").Set("v"))
			idle, err := tx.ObjectIdleTime("k")
			if tracking == TrackFrequency {
				idle, err = 0, nil
				n, err := tx.ObjectFreq("k")
				require.NoError(t, err)
				require.Equal(t, want, n)
			}
			require.NoError(t, err)
			require.Zero(t, idle)
			return nil
		}))
	}
}

package store

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParseStreamID(t *testing.T) {
	for text, want := range map[string]StreamID{
		"0": {}, "0-0": {}, "5": {5, 0}, "5-7": {5, 7}, "007-03": {7, 3},
		"18446744073709551615-18446744073709551615": MaxStreamID, strings.Repeat("0", 126) + "1": {1, 0},
	} {
		id, err := ParseStreamID(text)
		require.NoError(t, err, text)
		require.Equal(t, want, id, text)
	}
	for _, text := range []string{
		"", "-", "+", "*", "$", ">", "x", "5-", "-5", "5-x", "5--1", "1-2-3", " 5", "5 ", "+5", "5-*", "5.0", "0x5", "1_0", "5\x00",
		"18446744073709551616", "1-18446744073709551616", strings.Repeat("0", 127) + "1",
	} {
		_, err := ParseStreamID(text)
		require.ErrorIs(t, err, ErrStreamID, "%q", text)
	}
}

func TestStreamID(t *testing.T) {
	require.Equal(t, "0-0", StreamID{}.String())
	require.Equal(t, "18446744073709551615-18446744073709551615", MaxStreamID.String())
	order := []StreamID{{}, {0, 1}, {0, math.MaxUint64}, {1, 0}, {1, 5}, {math.MaxUint64, 0}, MaxStreamID}
	for i, a := range order {
		for j, b := range order {
			require.Equal(t, i < j, a.Less(b), "%v %v", a, b)
			require.Equal(t, a.Compare(b) == 0, i == j)
			require.Equal(t, -a.Compare(b), b.Compare(a))
		}
		if next, ok := a.next(); ok {
			require.True(t, a.Less(next))
			back, ok := next.before()
			require.True(t, ok)
			require.Equal(t, a, back)
		} else {
			require.Equal(t, MaxStreamID, a)
		}
	}
	_, ok := MinStreamID.before()
	require.False(t, ok)
	require.Equal(t, time.UnixMilli(1526919030474), sid("1526919030474-55").Time())
}

func TestIDRanges(t *testing.T) {
	s := newTest(t).Stream("x")
	addIDs(t, s, "1-1", "1-2", "2-0", "3-5")
	for name, test := range map[string]struct {
		r    IDRange
		want string
		err  error
	}{
		"all":                  {r: ByID(MinStreamID, MaxStreamID), want: "1-1 1-2 2-0 3-5"},
		"reverse":              {r: ByID(MinStreamID, MaxStreamID).Rev(), want: "3-5 2-0 1-2 1-1"},
		"closed":               {r: ByID(sid("1-2"), sid("2-0")), want: "1-2 2-0"},
		"without the bounds":   {r: ByID(sid("1-1"), sid("2-0")).ExclMin().ExclMax(), want: "1-2"},
		"milliseconds":         {r: ByTime(time.UnixMilli(1), time.UnixMilli(2)), want: "1-1 1-2 2-0"},
		"before 1970":          {r: ByTime(time.UnixMilli(-5), time.UnixMilli(-1)), want: ""},
		"count":                {r: ByID(MinStreamID, MaxStreamID).Count(2), want: "1-1 1-2"},
		"count from the end":   {r: ByID(MinStreamID, MaxStreamID).Rev().Count(1), want: "3-5"},
		"count 0":              {r: ByID(MinStreamID, MaxStreamID).Count(0), want: ""},
		"negative count":       {r: ByID(MinStreamID, MaxStreamID).Count(-1), want: ""},
		"high before low":      {r: ByID(sid("3-5"), sid("1-1")), want: ""},
		"zero":                 {r: IDRange{}, want: ""},
		"behind the last ID":   {r: ByID(MaxStreamID, MaxStreamID).ExclMin(), err: ErrStreamID},
		"before the first ID":  {r: ByID(MinStreamID, MinStreamID).ExclMax(), err: ErrStreamID},
		"the same, twice open": {r: ByID(sid("1-2"), sid("1-2")).ExclMin().ExclMax(), want: ""},
	} {
		t.Run(name, func(t *testing.T) {
			entries, err := s.Range(test.r)
			if test.err != nil {
				require.ErrorIs(t, err, test.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.want, strings.Join(idTexts(entries), " "))
		})
	}
	r, err := ParseIDRange("(1-1", "2")
	require.NoError(t, err)
	entries, err := s.Range(r)
	require.NoError(t, err)
	require.Equal(t, []string{"1-2", "2-0"}, idTexts(entries), "an upper bound of one number is the whole millisecond")
}

// FuzzStreamID gives any text to the parsers: what they take they write, and read again.
func FuzzStreamID(f *testing.F) {
	for _, text := range []string{"", "0", "1-1", "5-*", "*", "(1-1", "-", "+", "18446744073709551615-18446744073709551615", "1-"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, err := ParseStreamID(text)
		if err == nil {
			again, err := ParseStreamID(id.String())
			require.NoError(t, err)
			require.Equal(t, id, again)
		} else {
			require.ErrorIs(t, err, ErrStreamID)
		}
		n, errNew := ParseNewStreamID(text)
		switch {
		case errNew != nil:
			require.ErrorIs(t, errNew, ErrStreamID)
		case n.how == exactID:
			require.NoError(t, err)
			require.Equal(t, id, n.id)
		}
		for _, last := range []StreamID{{}, {5, 5}, {math.MaxUint64, 7}, {7, math.MaxUint64}, MaxStreamID} {
			if got, err := n.after(last, 6); err == nil {
				require.True(t, last.Less(got), "%v after %v", got, last)
			}
		}
		if r, err := ParseIDRange(text, text); err == nil {
			_, _, _ = r.bounds()
		} else {
			require.ErrorIs(t, err, ErrStreamID)
		}
	})
}

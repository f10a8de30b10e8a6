package command

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

// The commands that 7.0.15 does not have are compared with what is said of them elsewhere: the
// cases of package store, in its testdata/newer, each of which names its source.

// newerFiles are the files whose cases have only commands that package command knows.
var newerFiles = []string{"bitmap", "geo", "hash", "list", "set", "stream", "string", "zset"}

func TestNewer(t *testing.T) {
	for _, name := range newerFiles {
		text, err := os.ReadFile(filepath.Join("..", "testdata", "newer", name+".txt"))
		require.NoError(t, err)
		cases := strings.Split("\n"+string(text), "\n# ")[1:]
		require.NotEmpty(t, cases)
		for _, text := range cases {
			why, lines, _ := strings.Cut(text, "\n> ")
			why, _, _ = strings.Cut(why, "\n")
			if lines == "" { // the first line of a remark
				continue
			}
			for _, proto := range []int{2, 3} {
				synctest.Test(t, func(t *testing.T) { // where a wait takes no time
					s := store.New()
					defer s.Close()
					session := NewServer(s).NewSession(nil)
					session.proto = proto
					playNewer(t, session, name+": "+why, lines)
				})
			}
		}
	}
}

// numbers are those that redis-cli shows before the elements of arrays.
var numbers = regexp.MustCompile(`(?m)^ *(\d+\) +)+`)

// longAgo is the idle time of what has been given back, which is since 1970.
var longAgo = regexp.MustCompile(`\(integer\) \d{12,}`)

func playNewer(t *testing.T, session *Session, why, lines string) {
	for _, exchange := range strings.Split(lines, "\n> ") {
		line, want, _ := strings.Cut(strings.TrimRight(exchange, "\n"), "\n")
		words := wordsOf(t, line)
		if cmd := Lookup(words); cmd.run == nil {
			t.Logf("%s: no %s yet", why, words[0])
			return
		}
		r := session.Do(context.Background(), words)
		noteRow(words, r, session.proto)
		got := strings.Join(shown(asRESP2(r)), "\n")
		if session.proto == 3 { // where pairs may be arrays
			want, got = numbers.ReplaceAllString(want, ""), numbers.ReplaceAllString(got, "")
		}
		if words[0] == "XREADGROUP" { // as package store has it there
			got = longAgo.ReplaceAllString(got, "(integer) 1000")
		}
		switch {
		case want == "?":
			continue
		case want == "(empty array)" && got == "(nil)": // package store has one for both
			continue
		}
		if strings.HasPrefix(want, "(error)") { // the beginning is enough
			got = got[:min(len(got), len(want))]
		}
		require.Equal(t, want, got, "%s: %s", why, line)
	}
}

// shown returns the lines in which redis-cli shows a reply.
func shown(r Reply) []string {
	switch r.Kind {
	case Error:
		return []string{"(error) " + r.Str}
	case Integer:
		return []string{fmt.Sprintf("(integer) %d", r.Int)}
	case Bulk:
		return []string{fmt.Sprintf("%q", r.Str)}
	case Null, NullArray:
		return []string{"(nil)"}
	case Simple:
		return []string{r.Str}
	case Array:
		if len(r.Elems) == 0 {
			return []string{"(empty array)"}
		}
		var lines []string
		for i, e := range r.Elems {
			number := fmt.Sprintf("%d) ", i+1)
			for j, line := range shown(e) {
				if j > 0 {
					number = strings.Repeat(" ", len(number))
				}
				lines = append(lines, number+line)
			}
		}
		return lines
	}
	return []string{fmt.Sprint(r)}
}

// What is said of wrong words is that of the commands they are like.
func TestNewerMistakes(t *testing.T) {
	s := store.New()
	defer s.Close()
	srv := NewServer(s)
	defer srv.Close()
	session := srv.NewSession(nil)
	do := func(line string) Reply { return session.Do(context.Background(), wordsOf(t, line)) }
	do("RPUSH l 1 2 3")
	do("SADD s a b")
	do("ZADD z 1 m 2 n")
	for line, want := range map[string]Reply{
		"ZRANK z m WITHSCORE":                              array(integer(0), double(1)), // 7.2: zrankGenericCommand in t_zset.c
		"ZREVRANK z m withscore":                           array(integer(1), double(1)),
		"ZRANK z none WITHSCORE":                           noList,
		"ZRANK none m WITHSCORE":                           noList,
		"ZRANK none m":                                     null,
		"ZRANK z m FOO":                                    errSyntax,
		"ZRANK z m WITHSCORE x":                            failed("ERR wrong number of arguments for 'zrank' command"),
		"ZREVRANK l m WITHSCORE":                           errWrongType,
		"ZSCAN z 0 NOSCORES":                               array(bulk("0"), array(bulk("m"), bulk("n"))), // Redis 8 and Valkey 9
		"ZUNION 1 z AGGREGATE FOO":                         errSyntax,
		"ZUNION 1 z AGGREGATE COUNT":                       array(bulk("m"), bulk("n")),
		"BITCOUNT l 0":                                     errWrongType,
		"CLIENT SETINFO LIB-NAME x":                        ok,
		"CLIENT SETINFO FOO x":                             failed("ERR Unrecognized option 'FOO'"),
		"CLIENT NO-TOUCH ON":                               ok,
		"CLIENT NO-TOUCH x":                                errSyntax,
		"WAITAOF 0 0 0":                                    array(integer(0), integer(0)),
		"HGETDEL l FIELDS 1 f":                             errWrongType,
		"XACKDEL l g IDS 1 1-1":                            errWrongType,
		"XDELEX l IDS 1 1-1":                               errWrongType,
		"XNACK l g SILENT IDS 1 1-1":                       errWrongType,
		"BITCOUNT s":                                       errWrongType,
		"BITCOUNT none x":                                  integer(0),
		"GEOSEARCH z BYPOLYGON x ASC ASC ASC":              errNotInteger,
		"GEOSEARCH z BYPOLYGON 3 0 0 0 1":                  errCorners,
		"GEOSEARCH z FROMMEMBER m BYPOLYGON 3 0 0 0 1 1 0": errSyntax,
		"GEOSEARCH z BYPOLYGON 3 0 0 0 1 1 0 BYRADIUS 1 m": errSyntax,
		"LMOVEM l":                                         failed("ERR wrong number of arguments for 'lmovem' command"),
		"LMOVEM l d UP LEFT":                               errSyntax,
		"LMOVEM l d LEFT UP COUNT x OBO":                   errSyntax,
		"LMOVEM l d LEFT LEFT COUNT":                       errSyntax,
		"LMOVEM l d LEFT LEFT COUNT 1":                     errSyntax,
		"LMOVEM l d LEFT LEFT COUNT 1 FOO":                 errSyntax,
		"LMOVEM l d LEFT LEFT FOO 1 OBO":                   errSyntax,
		"LMOVEM l d LEFT LEFT COUNT 1 OBO BULK":            errSyntax,
		"LMOVEM l d LEFT LEFT COUNT 0 OBO":                 errPopCount,
		"LMOVEM l d LEFT LEFT COUNT x OBO":                 errPopCount,
		"LMOVEM s d LEFT LEFT":                             errWrongType,
		"LMOVEM l s LEFT LEFT":                             errWrongType,
		"LMOVEM none d LEFT LEFT":                          noList,
		"LMOVEM l d LEFT LEFT exactly 4 bulk":              noList,
		"BLMOVEM l d LEFT LEFT x":                          errTimeout,
		"BLMOVEM l d LEFT LEFT -1":                         errTimeoutBelow0,
		"BLMOVEM l d LEFT LEFT 0 COUNT 0 OBO":              errPopCount,
		"BLMOVEM l d LEFT UP 0":                            errSyntax,
		"BLMOVEM s d LEFT LEFT 0":                          errWrongType,
		"BLMOVEM none d LEFT LEFT 0.001":                   noList,
		"BLMOVEM l d LEFT LEFT 0.001 EXACTLY 4 OBO":        noList,
		"SUNIONCARD 0 s":                                   errNumKeys,
		"SUNIONCARD 2 s":                                   errManyKeys,
		"SUNIONCARD 1 s LIMIT":                             errSyntax,
		"SUNIONCARD 1 s LIMIT -1":                          errLimitBelow0,
		"SUNIONCARD 1 s FOO":                               errSyntax,
		"SUNIONCARD 1 l":                                   errWrongType,
		"SUNIONCARD 2 s none APPROX LIMIT 1":               integer(1),
		"SDIFFCARD 0 s":                                    errNumKeys,
		"SDIFFCARD 1 s APPROX":                             errSyntax,
		"SDIFFCARD 2 none l":                               errWrongType,
		"SDIFFCARD 1 s limit 1":                            integer(1),
	} {
		r := do(line)
		require.Equal(t, want, r, line)
		for _, proto := range []int{2, 3} { // an error is the same in both
			noteRow(wordsOf(t, line), r, proto)
		}
	}
	require.Equal(t, array(bulk("1"), bulk("2")), do("BLMOVEM l d LEFT RIGHT 0 COUNT 2 BULK"))
}

package command

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

// What 7.0.15 does not know is as Redis 8 says (t_hash.c).
func TestNewerHashMistakes(t *testing.T) {
	s := store.New()
	defer s.Close()
	srv := NewServer(s)
	defer srv.Close()
	session := srv.NewSession(nil)
	do := func(line string) Reply { return session.Do(context.Background(), wordsOf(t, line)) }
	do("HSET h f v")
	do("SET s v")
	invalid := func(name string) Reply { return failedf("ERR invalid expire time in '%s' command", name) }
	for line, want := range map[string]Reply{
		"HTTL h FIELDS 1":                             failed("ERR wrong number of arguments for 'httl' command"),
		"HEXPIRE s x FIELDS 1 f":                      errWrongType,
		"HTTL s FIELDS 1 f":                           errWrongType,
		"HEXPIRE h x FIELDS 1 f":                      errNotInteger,
		"HEXPIRE h -1 FIELDS 1 f":                     errExpireBelow0,
		"HEXPIRE h 70368744178 FIELDS 1 f":            invalid("hexpire"),
		"HPEXPIREAT h 70368744177664 FIELDS 1 f":      invalid("hpexpireat"),
		"HEXPIRE h 9223372036854775807 FIELDS 1 f":    invalid("hexpire"),
		"HEXPIRE h 100 BAD FIELDS 1 f":                errFieldsMissing,
		"HEXPIRE h 100 NX XX FIELDS 1 f":              errFieldsMissing,
		"HTTL h NOTFIELDS 1 f":                        errFieldsMissing,
		"HEXPIRE h 100 FIELDS 0 f":                    errFieldsAbove0,
		"HEXPIRE h 100 FIELDS x f":                    errFieldsAbove0,
		"HTTL h FIELDS 0 f":                           errFieldsNumber,
		"HPERSIST h FIELDS x f":                       errFieldsNumber,
		"HEXPIRE h 100 FIELDS 2 f":                    errFieldsMatch,
		"HTTL h FIELDS 1 f g":                         errFieldsMatch,
		"HGETDEL h FIELD 1 f":                         errFieldsMissing,
		"HGETDEL h FIELDS 9223372036854775807 f":      errFieldsMatch,
		"HGETEX h EX FIELDS 1 f":                      errNotInteger,
		"HGETEX h PERSIST FIELDS 1":                   errFieldsMatch,
		"HGETEX h EX 1 FIELDS":                        errFieldsNumber,
		"HSETEX h FNX FXX FIELDS 1 f v":               errOneCondition,
		"HSETEX h EX 1 PX 1 FIELDS 1 f v":             errOneExpiry,
		"HSETEX h KEEPTTL EX 1 FIELDS 1 f v":          errOneExpiry,
		"HSETEX h BAD FIELDS 1 f v":                   failed("ERR unknown argument: BAD"),
		"HSETEX h FNX FXX EX 1 FIELDS":                errOneCondition,
		"HSETEX h FIELDS 0 f v":                       errFieldsInvalid,
		"HSETEX h FIELDS 2 f v":                       failed("ERR wrong number of arguments for 'hsetex' command"),
		"HSETEX s FIELDS 1 f v":                       errWrongType,
		"HSETEX none FXX FIELDS 1 f v":                integer(0),
		"HSCAN h 0 NOVALUES":                          array(bulk("0"), array(bulk("f"))),
		"HSCAN h 0 MATCH x NOVALUES NOVALUES COUNT 5": array(bulk("0"), array()),
	} {
		require.Equal(t, want, do(line), line)
	}
}

package store

import (
	"errors"
	"slices"
	"strconv"
	"time"
)

// What came to strings, hashes and sorted sets after Redis 7.0.15, for TestNewerCommands.

func init() {
	newer = append(newer, newerStrings...)
	newer = append(newer, newerHashes...)
	redisErrors = append(redisErrors, []struct {
		text string
		err  error
	}{
		{"ERR must be exactly 16 hexadecimal characters", ErrInvalidDigest},
		{"ERR Key should be of string type if conditions are specified", ErrWrongType},
	}...)
}

var newerStrings = []differ{
	{name: "DIGEST", call: func(_ *twin, db DB, a []string) (any, error) {
		return result(db.String(a[0]).Digest())
	}},
	{name: "DELEX", call: func(_ *twin, db DB, a []string) (any, error) {
		if len(a) == 1 {
			return yes(db.String(a[0]).DelEx(Always, ""))
		}
		return yes(db.String(a[0]).DelEx(conditions[a[1]], a[2]))
	}},
	{name: "DELIFEQ", call: func(_ *twin, db DB, a []string) (any, error) {
		return yes(db.String(a[0]).DelIfEq(a[1]))
	}},
	{name: "MSETEX", call: func(_ *twin, db DB, a []string) (any, error) {
		n, err := strconv.Atoi(a[0])
		if err != nil {
			return nil, err
		}
		o, err := setOptions(a[1+2*n:])
		if err != nil {
			return nil, err
		}
		return yes(db.MSetEX(o.If, o.Expiry, pairsOf(a[1:1+2*n])...))
	}},
	{name: "INCREX", call: callIncrEx, errors: map[string]error{
		"ERR LBOUND can't be greater than UBOUND":      ErrInvalidOption,
		"ERR ENX flag requires an expiration":          ErrInvalidOption,
		"ERR UBOUND is not an integer or out of range": ErrNotInteger,
		"ERR applied increment would overflow":         ErrOverflow,
		"ERR BYFLOAT increment cannot be Infinity":     ErrNaN,
		"ERR value cannot be Infinity":                 ErrNaN,
		"ERR value is not an integer or out of range":  ErrNotInteger,
		"ERR invalid expire time in 'increx' command":  ErrInvalidExpire,
	}},
	{name: "ZSCAN", call: func(w *twin, db DB, a []string) (any, error) {
		if a[len(a)-1] != "NOSCORES" {
			return callZScan(w, db, a)
		}
		members, next, err := db.ZSet(a[0]).ScanNoScores(0, ScanOptions{})
		slices.Sort(members)
		return []any{strconv.FormatUint(next, 10), listOf(members)}, err
	}},
}

func callIncrEx(_ *twin, db DB, a []string) (any, error) {
	by, float, bounds := "1", false, map[string]string{}
	var o IncrExOptions
	for i := 1; i < len(a); i++ {
		next := ""
		if i+1 < len(a) {
			next = a[i+1]
		}
		switch a[i] {
		case "SATURATE":
			o.Saturate = true
			continue
		case "ENX":
			o.ExpireIf = IfAbsent
			continue
		case "PERSIST":
			o.Expiry = Persist
			continue
		case "BYINT", "BYFLOAT":
			by, float = next, a[i] == "BYFLOAT"
		case "LBOUND", "UBOUND":
			bounds[a[i]] = next
		default:
			var err error
			if o.Expiry, err = expiryOf(a[i], next); err != nil {
				return nil, err
			}
		}
		i++
	}
	for name, to := range map[string]*Bound{"LBOUND": &o.LBound, "UBOUND": &o.UBound} {
		text, given := bounds[name]
		n, notInt := strconv.ParseInt(text, 10, 64)
		x, notFloat := strconv.ParseFloat(text, 64)
		switch {
		case given && notInt == nil:
			*to = IntBound(n)
		case given && notFloat == nil:
			*to = FloatBound(x)
		}
	}
	if float {
		x, err := strconv.ParseFloat(by, 64)
		if err != nil {
			return nil, err
		}
		value, applied, err := db.String(a[0]).IncrExByFloat(x, o)
		return result([]any{formatFloat(value), formatFloat(applied)}, err)
	}
	n, err := strconv.ParseInt(by, 10, 64)
	if err != nil {
		return nil, err
	}
	value, applied, err := db.String(a[0]).IncrEx(n, o)
	return result([]any{value, applied}, err)
}

var newerHashes = []differ{
	{name: "HSCAN", call: func(w *twin, db DB, a []string) (any, error) {
		if a[len(a)-1] != "NOVALUES" {
			return callHScan(w, db, a)
		}
		fields, next, err := db.Hash(a[0]).ScanNoValues(0, ScanOptions{})
		slices.Sort(fields)
		return []any{strconv.FormatUint(next, 10), listOf(fields)}, err
	}},
	newerExpire("HEXPIRE", time.Second),
	newerExpire("HPEXPIRE", time.Millisecond),
	newerExpireAt("HEXPIREAT", func(n int64) time.Time { return time.Unix(n, 0) }),
	newerExpireAt("HPEXPIREAT", time.UnixMilli),
	newerDeadlines("HEXPIRETIME", func(at time.Time) int64 { return at.Unix() }),
	newerDeadlines("HPEXPIRETIME", time.Time.UnixMilli),
	newerTTL("HTTL", 1),
	newerTTL("HPTTL", 1000),
	{name: "HPERSIST", call: func(_ *twin, db DB, a []string) (any, error) {
		return statuses(db.Hash(a[0]).Persist(a[3:]...))
	}},
	{name: "HGETDEL", call: func(_ *twin, db DB, a []string) (any, error) {
		values, err := db.Hash(a[0]).GetDel(a[3:]...)
		return result(optionals(values), err)
	}},
	{name: "HGETEX", call: func(_ *twin, db DB, a []string) (any, error) {
		before, fields := cutFields(a[1:])
		o, err := setOptions(before)
		if err != nil {
			return nil, err
		}
		values, err := db.Hash(a[0]).GetEx(o.Expiry, fields...)
		return result(optionals(values), err)
	}},
	{name: "HSETEX", call: func(_ *twin, db DB, a []string) (any, error) {
		before, fields := cutFields(a[1:])
		var o SetOptions
		for flag, cond := range map[string]Condition{"FNX": IfAbsent, "FXX": IfPresent} {
			if i := slices.Index(before, flag); i >= 0 {
				o.If, before = cond, slices.Delete(slices.Clone(before), i, i+1)
			}
		}
		with, err := setOptions(before)
		if err != nil {
			return nil, err
		}
		return yes(db.Hash(a[0]).SetEX(o.If, with.Expiry, pairsOf(fields)...))
	}},
}

// cutFields cuts arguments at "FIELDS n".
func cutFields(a []string) (before, fields []string) {
	i := slices.Index(a, "FIELDS")
	return a[:i], a[i+2:]
}

// callFields is a call for "key n [condition] FIELDS ...".
func callFields(expire func(h Hash, n int64, cond Condition, fields []string) ([]FieldStatus, error)) func(*twin, DB, []string) (any, error) {
	return func(_ *twin, db DB, a []string) (any, error) {
		before, fields := cutFields(a[2:])
		n, err1 := strconv.ParseInt(a[1], 10, 64)
		cond, err2 := conditionOf(before)
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		return statuses(expire(db.Hash(a[0]), n, append(cond, Always)[0], fields))
	}
}

func newerExpire(name string, unit time.Duration) differ {
	return differ{name: name, call: callFields(func(h Hash, n int64, cond Condition, fields []string) ([]FieldStatus, error) {
		return h.Expire(time.Duration(n)*unit, cond, fields...)
	})}
}

func newerExpireAt(name string, form func(int64) time.Time) differ {
	return differ{name: name, call: callFields(func(h Hash, n int64, cond Condition, fields []string) ([]FieldStatus, error) {
		return h.ExpireAt(form(n), cond, fields...)
	})}
}

func newerDeadlines(name string, form func(time.Time) int64) differ {
	return differ{name: name, call: func(_ *twin, db DB, a []string) (any, error) {
		deadlines, err := db.Hash(a[0]).ExpireTime(a[3:]...)
		list := []any{}
		for _, d := range deadlines {
			switch {
			case !d.Found:
				list = append(list, int64(FieldMissing))
			case d.At.IsZero():
				list = append(list, int64(FieldNoTTL))
			default:
				list = append(list, form(d.At))
			}
		}
		return result(list, err)
	}}
}

// newerTTL rounds up to seconds, as HTTL does: the cases have no time to lose one.
func newerTTL(name string, factor int64) differ {
	return differ{name: name, call: func(_ *twin, db DB, a []string) (any, error) {
		ttls, err := db.Hash(a[0]).TTL(a[3:]...)
		list := []any{}
		for _, d := range ttls {
			switch {
			case !d.Found:
				list = append(list, int64(FieldMissing))
			case d.TTL == NoTTL:
				list = append(list, int64(FieldNoTTL))
			default:
				list = append(list, (d.TTL.Milliseconds()+999)/1000*factor)
			}
		}
		return result(list, err)
	}}
}

func statuses(list []FieldStatus, err error) (any, error) {
	numbers := []any{}
	for _, s := range list {
		numbers = append(numbers, int64(s))
	}
	return result(numbers, err)
}

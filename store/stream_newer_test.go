package store

import (
	"time"
)

// The rows of what came to streams after Redis 7.0.15, for testdata/newer/stream.txt; other
// forms of commands are in the rows that they have.

func init() {
	for text, err := range map[string]error{
		"ERR invalid duration": ErrOutOfRange,
		"ERR invalid maxsize":  ErrOutOfRange,
	} {
		redisErrors = append(redisErrors, struct {
			text string
			err  error
		}{text, err})
	}
	newer = append(newer,
		differ{name: "XDELEX", call: func(_ *twin, db DB, a []string) (any, error) {
			refs, ids, _, err := refsAndIDs(a[1:])
			if err != nil {
				return nil, err
			}
			return removalsReply(db.Stream(a[0]).DelEx(refs, ids...))
		}},
		differ{name: "XACKDEL", call: func(_ *twin, db DB, a []string) (any, error) {
			refs, ids, _, err := refsAndIDs(a[2:])
			if err != nil {
				return nil, err
			}
			return removalsReply(db.Stream(a[0]).Group(a[1]).AckDel(refs, ids...))
		}},
		differ{name: "XNACK", call: callXNack},
		differ{name: "XCFGSET", call: callXCfgSet},
	)
}

// refsAndIDs reads [KEEPREF|DELREF|ACKED] IDS n id ... and returns what comes behind it.
func refsAndIDs(a []string) (refs Refs, ids []StreamID, rest []string, err error) {
	if r, ok := refsOf[a[0]]; ok {
		refs, a = r, a[1:]
	}
	n, err := intOf(a[1])
	if err != nil {
		return 0, nil, nil, err
	}
	ids, err = streamIDsOf(a[2 : 2+n])
	return refs, ids, a[2+n:], err
}

func removalsReply(removed []Removal, err error) (any, error) {
	list := []any{}
	for _, r := range removed {
		list = append(list, int64(r))
	}
	return result(any(list), err)
}

func callXNack(_ *twin, db DB, a []string) (any, error) {
	o := NackOptions{Mode: map[string]NackMode{"SILENT": NackSilent, "FAIL": NackFail, "FATAL": NackFatal}[a[2]]}
	_, ids, rest, err := refsAndIDs(a[3:])
	if err != nil {
		return nil, err
	}
	for i := 0; i < len(rest); i++ {
		if rest[i] == "FORCE" {
			o.Force = true
			continue
		}
		i++
		n, err := intOf(rest[i])
		if err != nil {
			return nil, err
		}
		count := int64(n)
		o.RetryCount = &count
	}
	g := db.Stream(a[0]).Group(a[1])
	if o.RetryCount == nil && !o.Force {
		return count(g.Nack(o.Mode, ids...))
	}
	return count(g.NackWith(o, ids...))
}

func callXCfgSet(_ *twin, db DB, a []string) (any, error) {
	var c StreamConfig
	for i := 1; i+1 < len(a); i += 2 {
		n, err := intOf(a[i+1])
		if err != nil {
			return nil, err
		}
		if a[i] == "IDMP-DURATION" {
			c.IDMPDuration = time.Duration(n) * time.Second
		} else {
			c.IDMPMaxSize = n
		}
	}
	err := db.Stream(a[0]).CfgSet(c)
	if info, err2 := db.Stream(a[0]).Info(); err == nil {
		kept := (c.IDMPDuration == 0 || info.Config.IDMPDuration == c.IDMPDuration) &&
			(c.IDMPMaxSize == 0 || info.Config.IDMPMaxSize == c.IDMPMaxSize)
		if !kept || err2 != nil {
			return info.Config, err2
		}
	}
	return result("OK", err)
}

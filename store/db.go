package store

// DB is one of the databases of a [Store]. It is a small value: copy it freely.
type DB struct {
	s *Store
	n int
}

// database is what a Store embeds: its field can't be named as its method DB.
type database = DB

// String returns a handle of the string at key, whether there is one or not.
// It allocates nothing.
func (db DB) String(key string) String { return String{db: db, key: key} }

// check returns why nothing can be done in db, nil if there is nothing wrong.
func (db DB) check() error {
	switch {
	case db.s == nil || db.s.closed.Load():
		return ErrClosed
	case uint(db.n) >= Databases:
		return ErrInvalidDB
	}
	return nil
}

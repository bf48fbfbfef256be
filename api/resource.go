package api

import (
	"context"

	"github.com/labstack/echo/v5"
)

// resource is a kind of object that is created, read, changed and deleted the
// way all are. What differs between kinds is in its functions.
type resource[T any] struct {
	fields fields[T]
	fresh  func() T
	// check completes and validates t, which body has made of before.
	check func(before, t *T, body object) error
	view  func(T) any
	uuid  func(T) string

	create func(ctx context.Context, t T) (T, error)
	read   func(ctx context.Context, uuid string) (T, error)
	list   func(ctx context.Context, after string, count int) (list []T, more bool, err error)
	update func(ctx context.Context, uuid string, edit func(*T) error) (T, error)
	remove func(ctx context.Context, uuid string, p params) (T, error)
}

// post creates an object from the defaults and the body.
func (r resource[T]) post(s *server) echo.HandlerFunc {
	return func(c *echo.Context) error {
		body, err := s.readBody(c)
		if err != nil {
			return err
		}
		fresh := r.fresh()
		t := r.fresh()
		if err := r.fields.apply(body, &t, &fresh); err != nil {
			return err
		}
		if err := r.check(&fresh, &t, body); err != nil {
			return err
		}
		created, err := r.create(c.Request().Context(), t)
		if err != nil {
			return err
		}
		s.cfg.Changed()
		return s.reply(c, r.view(created))
	}
}

// get reads one object.
func (r resource[T]) get(s *server) echo.HandlerFunc {
	return func(c *echo.Context) error {
		uuid, err := pathUUID(c)
		if err != nil {
			return err
		}
		t, err := r.read(c.Request().Context(), uuid)
		if err != nil {
			return err
		}
		return s.reply(c, r.view(t))
	}
}

// getAll reads a page of objects.
func (r resource[T]) getAll(s *server) echo.HandlerFunc {
	return func(c *echo.Context) error {
		p, err := paramsOf(c)
		if err != nil {
			return err
		}
		after, count, err := p.paging()
		if err != nil {
			return err
		}
		list, more, err := r.list(c.Request().Context(), after, count)
		if err != nil {
			return err
		}
		return replyPage(s, c, list, more, r.encode, r.uuid)
	}
}

// put changes an object by the body, in one transaction of the store's.
func (r resource[T]) put(s *server) echo.HandlerFunc {
	return func(c *echo.Context) error {
		uuid, err := pathUUID(c)
		if err != nil {
			return err
		}
		body, err := s.readBody(c)
		if err != nil {
			return err
		}
		fresh := r.fresh()
		updated, err := r.update(c.Request().Context(), uuid, func(t *T) error {
			before := *t
			if err := r.fields.apply(body, t, &fresh); err != nil {
				return err
			}
			return r.check(&before, t, body)
		})
		if err != nil {
			return err
		}
		s.cfg.Changed()
		return s.reply(c, r.view(updated))
	}
}

// delete deletes an object softly and answers with it.
func (r resource[T]) delete(s *server) echo.HandlerFunc {
	return func(c *echo.Context) error {
		uuid, err := pathUUID(c)
		if err != nil {
			return err
		}
		p, err := paramsOf(c)
		if err != nil {
			return err
		}
		deleted, err := r.remove(c.Request().Context(), uuid, p)
		if err != nil {
			return err
		}
		s.cfg.Changed()
		return s.reply(c, r.view(deleted))
	}
}

// encode appends an object in the form of the wire.
func (r resource[T]) encode(dst encoded, t T) (encoded, error) { return encode(dst, r.view(t)) }

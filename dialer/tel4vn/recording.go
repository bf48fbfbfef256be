package tel4vn

import (
	"context"
	"errors"
	"net/http"
)

// Recording fetches recording_url, which is public by the page.
func (p *pbx) Recording(ctx context.Context, name string) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, name, nil)
	if err != nil {
		return nil, errors.New("the recording's URL cannot be read")
	}
	return req, nil
}

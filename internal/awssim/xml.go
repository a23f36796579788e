// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"net/http"
	"time"
)

// Namespaces of the answers, as the service models of the SDK name them.
var queryNamespaces = map[string]string{
	"iam": "https://iam.amazonaws.com/doc/2010-05-08/",
	"sts": "https://sts.amazonaws.com/doc/2011-06-15/",
	"ec2": "http://ec2.amazonaws.com/doc/2016-11-15/",
}

// queryProtocol is how the query services answer.
type queryProtocol struct{}

func (queryProtocol) writeOutput(w http.ResponseWriter, c *call, requestID string, out any) {
	encodeQuery(w, c.Service, c.Operation, out, requestID)
}

func (queryProtocol) writeError(w http.ResponseWriter, c *call, requestID string, err *apiError) {
	encodeQueryError(w, c.Service, err, requestID)
}

// encodeQuery writes the answer of a query operation. out is a struct with xml
// tags, or nil for an answer without members.
//
// awsQuery: https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
// ec2Query: https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html
func encodeQuery(w http.ResponseWriter, service, operation string, out any, requestID string) {
	members, err := xmlMembers(out)
	if err != nil {
		encodeQueryError(w, service, &apiError{Code: "InternalFailure", Message: err.Error(), Status: http.StatusInternalServerError}, requestID)
		return
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "<%sResponse xmlns=%q>", operation, queryNamespaces[service])
	if service == "ec2" {
		fmt.Fprintf(&b, "<requestId>%s</requestId>%s", requestID, members)
	} else {
		if out != nil {
			fmt.Fprintf(&b, "<%sResult>%s</%sResult>", operation, members, operation)
		}
		fmt.Fprintf(&b, "<ResponseMetadata><RequestId>%s</RequestId></ResponseMetadata>", requestID)
	}
	fmt.Fprintf(&b, "</%sResponse>", operation)
	writeXML(w, http.StatusOK, requestID, b.Bytes())
}

// encodeQueryError writes an error in the form of the service's protocol.
func encodeQueryError(w http.ResponseWriter, service string, e *apiError, requestID string) {
	status := e.Status
	if status == 0 {
		status = http.StatusBadRequest
	}
	var b bytes.Buffer
	if service == "ec2" {
		fmt.Fprintf(&b, "<Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error></Errors><RequestID>%s</RequestID></Response>",
			xmlText(e.Code), xmlText(e.Message), requestID)
	} else {
		fault := "Sender"
		if status >= http.StatusInternalServerError {
			fault = "Receiver"
		}
		fmt.Fprintf(&b, "<ErrorResponse xmlns=%q><Error><Type>%s</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>%s</RequestId></ErrorResponse>",
			queryNamespaces[service], fault, xmlText(e.Code), xmlText(e.Message), requestID)
	}
	writeXML(w, status, requestID, b.Bytes())
}

func writeXML(w http.ResponseWriter, status int, requestID string, body []byte) {
	w.Header().Set("Content-Type", "text/xml;charset=UTF-8")
	w.Header().Set("x-amzn-RequestId", requestID)
	w.WriteHeader(status)
	_, _ = w.Write([]byte(xml.Header))
	_, _ = w.Write(body)
}

// xmlMembers renders the members of a struct without an element around them.
func xmlMembers(out any) ([]byte, error) {
	if out == nil {
		return nil, nil
	}
	var b bytes.Buffer
	enc := xml.NewEncoder(&b)
	if err := enc.EncodeElement(out, xml.StartElement{Name: xml.Name{Local: "r"}}); err != nil {
		return nil, err
	}
	if err := enc.Close(); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(bytes.TrimPrefix(b.Bytes(), []byte("<r>")), []byte("</r>")), nil
}

func xmlText(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}

// xmlTime is how both protocols write a time.
func xmlTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

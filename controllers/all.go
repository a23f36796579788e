// SPDX-License-Identifier: Apache-2.0

package controllers

// All are the kinds that declare AWS objects.
var All = []*Kind{FargateSecurityProfile}

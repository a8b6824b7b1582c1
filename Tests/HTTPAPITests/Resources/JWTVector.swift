// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Testing

/// A public key, and the signature of a token made with its private half by another implementation, pyca/cryptography;
/// the token is for the tenant `jwt-vectors` and good until the year 2100. The private halves are gone.
struct JWTVector: Sendable, CustomTestStringConvertible {
    let algorithm: String
    /// The public key's members besides `kid` and `alg`.
    let key: String
    let signature: String

    var testDescription: String { algorithm }

    /// The public key, named like its algorithm.
    var jwk: String { #"{"kid":"\#(algorithm)","alg":"\#(algorithm)",\#(key)}"# }
    var header: String { #"{"alg":"\#(algorithm)","kid":"\#(algorithm)","typ":"JWT"}"# }
    static let claims = #"{"tenant_id":"jwt-vectors","sub":"ci","exp":4102444800}"#

    static let all: [JWTVector] = [
        JWTVector(
            algorithm: "RS256",
            key: rsa,
            signature: """
                mQEagCbUYsAd1yKmUTM0n4Euv6_m5P0yHHvSfp0dxKJtGFRY5Q1GFgt-jatVgtQVti3v2CmrQSLu3v_48BySU4BYZVsmMpCaEgd1RT\
                zpi72hosBfrv-OWaO88Jqm0amDxkk7g2gvGdh-642Ef6mI2fCvQDEbPaO6y5VY100nO4AzDo-DlW-5jyItTZnjTbIWivmJ0R-pM-ss\
                e1vj335sqDiDnlcpExVtERWGHzoAT2gGfqCH5WmkKNeCuL59At-Ce3DOsDVQH7fQ9Isw7qykI6uuxNCwqQxAj3oEG8LiOAB_N3C77t\
                8Fmy63upYSU9XyPFjsFw2tZOOt2jN2X0kI7Q
                """),
        JWTVector(
            algorithm: "RS384",
            key: rsa,
            signature: """
                Qm2b82L4U6SA0l-Hmd0Lm0gbEmpT4FGm5V1gnZoLm-08VAjusdreCR89WScb_nNaqsSfdjY_Eelo2S3OMTU04abiD7puICVvjP0CSD\
                694HFEjfN_VCubl_cfmbWg4uv_dcQWsA5ok7VPj9iKrZYk3WT2apQbp5AthIjBos6kcMJ3iRaR3eogIdnFbe_MMoNh1-oeBIzPGNfE\
                nMvJyYF5d-aiz2kYJ7wXZhnQrr6AywEZk7y08ze4VhaEdemRh-Y9fvJ9Qtz2Br9LNtxYq_oJn8nkoLZQYxzHHI3hMBv6e_Rs4C6L7E\
                VVKhW6ZkZ7tcPK5e-oXWHT1Jz3I0klkuHLuQ
                """),
        JWTVector(
            algorithm: "RS512",
            key: rsa,
            signature: """
                YBSbByU9jg2ea_EQCb3pN8Iwt7d7XqA7Ob9hy7kcXaZezqzwMYlXR6VhJrFFNfA7jEbcIt2rST61S6Qfi70UOt1aBpec2OxTU1tVRi\
                1FuERQ-MHtrOmUvfLhn3ezROCNNQnaPt6Z5PaBjZG_BtS-2Evi9IIWje4Iew1MojvyxWR-Xwj58fDq2upq9rm0SvmxC3f4Y_8iK61g\
                _OchtnRjEREBaH2gssk5kMCwTUW_XdEbHpnlY69dvxm6OF3tIISbFEJC1NBGxtVG1TIxfS_V-LJ_yj1leMOUw4NImkLThgwf8TVyZP\
                QxDFwQIN-VbB1Qk_KUF64e8_6oHB6PwmfD1A
                """),
        JWTVector(
            algorithm: "PS256",
            key: rsa,
            signature: """
                CuvHjLjMiMosY674CDDQgrpPylfzia0DywG_PEgQ7ITcPn_ApncTGz8v-AEmAsckXQPSJf1dQgJW07cejou5ZlV_hvMh_Zc-UgHLfi\
                T8p6kvklhYex1dAHw4bKfUw3ce7x2luvOOIjBH9Cd-fQZWrDqbAJj6Cu_OLzEJeZI3JK8IdoxpqopJ8DqsFjl6cn29dvF_fDHoPDxb\
                onSBv4R-6pGKQMVBO2e0BhyA2bttghsIJrYJkUhI1Ua2252kNsY7fuaYbSU6dT-V_-Am7j5Yw_0yTKDfuRqu9rPz6nop5Ls2vXJW8R\
                1APdq46gHMdySqIAQjnpCuenc4_IOGx0aUaQ
                """),
        JWTVector(
            algorithm: "PS384",
            key: rsa,
            signature: """
                RJXCsawtPRk4UqSujszZtcoT91e_zIOrwSbyPEMlpIVxDPu3oMsnncbsuwc1TDbaVR9FRT6B0yGsODIHKf67O_pac0_Yabhi3Y-kA_\
                cXv2Wm5f6lM3Eo58o5E0S9eIAbPzbVenpoyPkbwbV7uAQvByCok6T1KJ_lFkGFxrQIBh9e8x2fBdUPjjHEXunimFirUo3uhQPhkoow\
                Bh4z7Vh--KmcRZPA5WTJdXQ_q3MDWsM6KBzbqN_QNAa5w3jDN9ohmsn-JtFv4-xuOteYYjndgEI2_ZKe93EtHErs5E0YpxOikfiLJk\
                UOTSFN-m_rUJ0VIZzfdmv8OoZmIPoD2SSNdw
                """),
        JWTVector(
            algorithm: "PS512",
            key: rsa,
            signature: """
                O7DFkSwt_pwpaP0AHcGr46WwHuvz89BCLE9H2_-WFcRWljAAI517Dx2WWYZZ-IEqC-BwsMpcJ2ZQyzE_lPTJmR2ixMwjbg4ZlmF6Gj\
                bEXjp-_-X2h3oe8vJO0KoTGB6tvROX-8twHqyfTA8zP0rBOWJZCXmr1r5ZYa7xGOgPQyl1LX7FFjnuVE82es_ayLTJpgTaF8rf0QDf\
                qQ3GK3snAkYWN8kPbipupGpH-WwXn35a2mTPGFJZE5kf4zg-_OwTBcUh5w5HE6U_NZxtkxn79XrhbO8Dv8G-BsdW7EKtmLLQbG_PQ7\
                pp-Ojq85yb6Sb40uVqrhbWBinTCjNd54H4XA
                """),
        JWTVector(
            algorithm: "ES256",
            key: """
                "kty":"EC","crv":"P-256","x":"t47CinQB9X0Vw2rXi-0dKqahBlpCcH6Ve-40DuUUA8c","y":"G4a1iALz5cb_Uy8t1bH9ID\
                K9Ntc4vLgigB2n_3jYZrg"
                """,
            signature: """
                8gC8jsO44mZC3kXUH3OH8YHbo8z_hE526bWs8YurA8fYYxve2IXHSPMuuJla2XssSYBJo1Sla1tiz3XaUTbDLw
                """),
        JWTVector(
            algorithm: "ES384",
            key: """
                "kty":"EC","crv":"P-384","x":"y4Re-LzfN7hBl7FUVhgtYFfm6BJki53d9WFzoprkuEDdjBUtY-PjFBAdpIG7z8x9","y":"T\
                VuuW3wpCmz1TTKTCQWcnF628x9YZ4jnLl3fpbHIWl8PvKE8OTxIlA0zVxgVc4nu"
                """,
            signature: """
                WJMPYs-PLfBBwFMKSbVG0mxCmvVMfL9VD7phokv9Ams3ryHLbkVtitvzZB8iV5riaP_JVUEBVfhsW_VtqbhGPAD2uxYNZo42KRaXeq\
                Iqg8naIo-5PAnxi8lKlIXZf-rS
                """),
        JWTVector(
            algorithm: "ES512",
            key: """
                "kty":"EC","crv":"P-521","x":"AMfhFmyIaw4uQptfiCg6K6JHaSumqZe7r5JYDaHN7Ff6JcvQXMS8qQuGxhHcFPoQ5H5_jlmN\
                yref4DmgI93I0RJi","y":"AcBS2kdhCA89SIWWmKySXLQ0RFm0qRQg7x1fcR8PdTHhaSbWrR8mvp4RisYYZeKZYsOvkhfQJuqN60f\
                Q5MRlXnvP"
                """,
            signature: """
                AU1RSZeRARxGMuAwcOQe2q561-KlManvrLmMoVlKFCrtSpGYMmEtHBufUNVho7csM89a_t1M2-Jwai3ubO8IWKRJAJUvvyrGQilw-D\
                d2-Orc5vGe_J_xf276q73eHh8af0nz2q0JvTzB9CT9qPvodTs-qVSGaURhTTlsdsZ5N3-Um1hh
                """),
        JWTVector(
            algorithm: "EdDSA",
            key: """
                "kty":"OKP","crv":"Ed25519","x":"GF2tyAntW9ZzTBPm7vng5b4ov8x0JmX6kC8xuM6DmjQ"
                """,
            signature: """
                oQ8exJ6A76KbpvK-QlG_J5Tg1J3kncK4JOCDkXhfZdo0ElGGm5XGpBCHjwz2cI9FBzkUrUTDzZHeslgPZtHjDQ
                """),
    ]

    private static let rsa = """
        "kty":"RSA","e":"AQAB","n":"6I0u1WuhOlZenJXY3TlZRcBnLYKySBerd2EAzD8sg308gMvLCgxKYTxk6oGFoTCCRoHB8g-27emVSznu4o\
        bXrPwg3tkfSRkPXaMONsSwtYyuPeZsyUn9rmB-cZ64seDyXoj4u7r-pEPEoy478pgYSsOnOGqFazWZwO1dar8QdPrNPc8bbrbcNXfohmW-oaq3\
        J-5GhZrPG33FJ1bRGO5P2Bat0g6Mhdz5PBR56wNF3x2vwFp_XaRg1r8jTEnXhNZyUmyd3vDLgMPFfEPbX0MEMCHmtCxuKfYLyWmHRDtCsabyGT\
        Ay0nNRNq0P57atH2NqaW9Q12aTr5xvR0iU6URcXQ"
        """
}

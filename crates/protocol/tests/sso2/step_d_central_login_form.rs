use admit_one_protocol::sso2::landing::{central_login_url, return_uri};

#[test]
fn is_told_where_to_continue() {
    let back = return_uri("https://shop.example/landing/paper", "s-1");
    let encoded = "continue=https%3A%2F%2Fshop.example%2Flanding%2Fpaper%3Fstate%3Ds-1";
    let forms = [
        (
            "https://paper.portal.example/login?continue=",
            "https://paper.portal.example/login?",
        ),
        (
            "https://paper.portal.example/login",
            "https://paper.portal.example/login?",
        ),
        (
            "https://paper.portal.example/login?lang=sv",
            "https://paper.portal.example/login?lang=sv&",
        ),
        (
            "https://paper.portal.example/login?lang=sv&continue=",
            "https://paper.portal.example/login?lang=sv&",
        ),
    ];
    for (form, begins) in forms {
        assert_eq!(central_login_url(form, &back), format!("{begins}{encoded}"));
    }
}
